// Stand-ins for types that only Windows has, as far as platform.ps1 uses them. They answer from static stores that
// estate.ps1 fills and that a scenario changes, and count what they are asked.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Management.Automation;
using System.Text;
using System.Text.RegularExpressions;

namespace Standin
{
    /// How often what was asked.
    public static class Calls
    {
        static readonly SortedDictionary<string, long> counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        public static SortedDictionary<string, long> All { get { return counts; } }
        public static void Add(string what, long n = 1) { lock (counts) { counts.TryGetValue(what, out long old); counts[what] = old + n; } }
        public static long Of(string pattern) { lock (counts) return counts.Where(c => Regex.IsMatch(c.Key, pattern)).Sum(c => c.Value); }
        public static void Clear() { lock (counts) counts.Clear(); }
    }

    // ---- CIM --------------------------------------------------------------------------------------------------------
    public class CimException : Exception { public CimException(string message) : base(message) { } }
    public class CimProperty
    {
        public string Name { get; }
        public object Value { get; set; }
        public CimProperty(string name, object value) { Name = name; Value = value is PSObject p ? p.BaseObject : value; }
    }
    public class CimProperties : IEnumerable<CimProperty>
    {
        internal readonly List<CimProperty> Items = new List<CimProperty>();
        public int Count { get { return Items.Count; } }
        public CimProperty this[string name] { get { return Items.FirstOrDefault(i => string.Equals(i.Name, name, StringComparison.OrdinalIgnoreCase)); } }
        public IEnumerator<CimProperty> GetEnumerator() { return Items.GetEnumerator(); }
        IEnumerator IEnumerable.GetEnumerator() { return Items.GetEnumerator(); }
    }
    public class CimSystemProperties { public string ClassName { get; set; } }
    public class CimInstance
    {
        public CimProperties CimInstanceProperties { get; } = new CimProperties();
        public CimSystemProperties CimSystemProperties { get; } = new CimSystemProperties();
        CimInstance origin;
        HashSet<string> lazy = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        public string[] Lazy { get { return lazy.ToArray(); } set { lazy = new HashSet<string>(value ?? new string[0], StringComparer.OrdinalIgnoreCase); } }
        public CimInstance(string className) { CimSystemProperties.ClassName = className; }
        public override string ToString() { return CimSystemProperties.ClassName; }
        public CimInstance Set(string name, object value)
        {
            object plain = value is PSObject p ? p.BaseObject : value;
            var found = CimInstanceProperties[name];
            if (found == null) CimInstanceProperties.Items.Add(new CimProperty(name, plain)); else found.Value = plain;
            return this;
        }
        public object Get(string name) { return CimInstanceProperties[name]?.Value; }
        /// As PowerShell shows it, with a property for each.
        public PSObject Show()
        {
            var shown = PSObject.AsPSObject(this);
            foreach (var p in CimInstanceProperties.Items)
            {
                if (p.Value is CimInstance one) one.Show();
                if (p.Value is CimInstance[] many) foreach (var m in many) m.Show();
                if (shown.Properties[p.Name] == null) shown.Properties.Add(new PSNoteProperty(p.Name, p.Value));
            }
            return shown;
        }
        /// What a list or a query gives: without the properties that are fetched one by one.
        public CimInstance Listed(string[] columns) { return Copy(p => columns == null || columns.Contains(p.Name, StringComparer.OrdinalIgnoreCase), p => lazy.Contains(p.Name) ? null : p.Value); }
        public CimInstance Fetched() { return (origin ?? this).Copy(p => true, p => p.Value); }
        CimInstance Copy(Func<CimProperty, bool> which, Func<CimProperty, object> value)
        {
            var copy = new CimInstance(CimSystemProperties.ClassName) { origin = origin ?? this };
            foreach (var p in CimInstanceProperties.Items.Where(which)) copy.CimInstanceProperties.Items.Add(new CimProperty(p.Name, value(p)));
            return copy;
        }
    }
    public class CimSession
    {
        public static int Live;
        public string ComputerName; public bool Closed;
        public CimSession(string name) { ComputerName = name; Live++; }
        public void Close() { if (!Closed) { Closed = true; Live--; } }
    }

    // ---- names, identities, security descriptors --------------------------------------------------------------------
    public class DnsEntry { public string HostName { get; set; } }
    public static class Dns
    {
        /// The whole name of a computer by its short one, where it is not in the usual domain; '' if DNS fails.
        public static readonly Dictionary<string, string> Names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        public static string GetHostName() { return Environment.GetEnvironmentVariable("COMPUTERNAME") ?? ""; }
        public static DnsEntry GetHostEntry(string name)
        {
            string known = Names.TryGetValue(GetHostName(), out string other) ? other : GetHostName() + ".contoso.com";
            if (known == "") throw new InvalidOperationException("No such host is known.");
            return new DnsEntry { HostName = known };
        }
    }
    public class NTAccount { public string Value { get; } public NTAccount(string value) { Value = value; } }
    public class SecurityIdentifier
    {
        public override string ToString() { return Value; }
        public static readonly Dictionary<string, string> Names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        public string Value { get; }
        public SecurityIdentifier(string text)
        {
            if (text == null || !Regex.IsMatch(text, @"^S-\d+-\d+(-\d+)+$", RegexOptions.IgnoreCase)) throw new ArgumentException("Value was invalid. (Parameter 'sddlForm')");
            Value = text.ToUpperInvariant();
        }
        public SecurityIdentifier(byte[] bytes, int offset)
        {
            if (bytes == null) throw new ArgumentNullException("binaryForm");
            if (bytes.Length - offset < 8 || bytes[offset] != 1) throw new ArgumentException("The SID is not valid. (Parameter 'binaryForm')");
            ulong authority = 0;
            for (int i = 2; i < 8; i++) authority = (authority << 8) | bytes[offset + i];
            var text = new StringBuilder("S-1-").Append(authority);
            for (int i = 0; i < bytes[offset + 1]; i++) text.Append('-').Append(BitConverter.ToUInt32(bytes, offset + 8 + 4 * i));
            Value = text.ToString();
        }
        public static byte[] Bytes(string text)
        {
            var parts = text.Split('-'); ulong authority = ulong.Parse(parts[2]);
            var bytes = new byte[8 + 4 * (parts.Length - 3)]; bytes[0] = 1; bytes[1] = (byte)(parts.Length - 3);
            for (int i = 0; i < 6; i++) bytes[7 - i] = (byte)(authority >> (8 * i));
            for (int i = 3; i < parts.Length; i++) BitConverter.GetBytes(uint.Parse(parts[i])).CopyTo(bytes, 8 + 4 * (i - 3));
            return bytes;
        }
        public NTAccount Translate(Type type)
        {
            Calls.Add("sid.Translate");
            if (Names.TryGetValue(Value, out string name)) return new NTAccount(name);
            throw new InvalidOperationException("Some or all identity references could not be translated.");
        }
    }
    public enum WindowsBuiltInRole { Administrator }
    public class WindowsIdentity
    {
        public static string Account, Sid; public static string[] Memberships; public static bool Elevated;
        public string Name { get { return Account; } }
        public SecurityIdentifier User { get { return new SecurityIdentifier(Sid); } }
        public SecurityIdentifier[] Groups { get { return Memberships.Select(g => new SecurityIdentifier(g)).ToArray(); } }
        public static WindowsIdentity GetCurrent() { return new WindowsIdentity(); }
        public static void Reset() { Account = @"CONTOSO\runner"; Sid = "S-1-5-21-1004336348-1177238915-682003330-7999"; Memberships = new string[0]; Elevated = true; }
    }
    public class WindowsPrincipal { public WindowsPrincipal(WindowsIdentity identity) { } public bool IsInRole(WindowsBuiltInRole role) { return WindowsIdentity.Elevated; } }
    public class FileSystemAccessRule
    {
        public string Sid, Rights;
        public FileSystemAccessRule(SecurityIdentifier sid, string rights, string inherit, string propagate, string kind) { Sid = sid.Value; Rights = rights; }
    }
    public class DirectorySecurity
    {
        public bool Protected; public readonly List<FileSystemAccessRule> Rules = new List<FileSystemAccessRule>();
        public void SetAccessRuleProtection(bool on, bool keep) { Protected = on && !keep; }
        public void AddAccessRule(FileSystemAccessRule rule) { Rules.Add(rule); }
    }
    [Flags] public enum AccessControlSections { None = 0, Audit = 1, Access = 2, Owner = 4, Group = 8, All = 15 }
    /// The bytes are a mark and the text: what they look like is of no matter to who asks.
    public class RawSecurityDescriptor
    {
        readonly string sddl;
        public static byte[] Bytes(string text) { return Encoding.UTF8.GetBytes("SD1:" + text); }
        public RawSecurityDescriptor(byte[] bytes, int offset)
        {
            if (bytes == null) throw new ArgumentNullException("binaryForm");
            string text = Encoding.UTF8.GetString(bytes, offset, bytes.Length - offset);
            if (!text.StartsWith("SD1:")) throw new ArgumentException("The binary form of the security descriptor is not valid. (Parameter 'binaryForm')");
            sddl = text.Substring(4);
        }
        public string GetSddlForm(AccessControlSections sections) { return sddl; }
    }

    // ---- local groups -----------------------------------------------------------------------------------------------
    public class LocalMember { public string Sid, Class, Fault; public LocalMember(string sid, string kind) { Sid = sid; Class = kind; } }
    public class Values { readonly object[] all; public Values(object[] all) { this.all = all; } public object Value { get { return all == null || all.Length == 0 ? null : all.Length == 1 ? all[0] : all; } } }
    public class Properties
    {
        readonly Func<string, object[]> get;
        public Properties(Func<string, object[]> get) { this.get = get; }
        public Values this[string name] { get { return new Values(get(name)); } }
    }
    public class DirectoryEntry : IDisposable
    {
        readonly string path; readonly LocalMember member; bool disposed;
        public DirectoryEntry(string path) { this.path = path; Ad.Live++; }
        public DirectoryEntry(object native) { member = native as LocalMember ?? throw new ArgumentException("The object is not an ADSI object."); Ad.Live++; }
        public void Dispose() { if (!disposed) { disposed = true; Ad.Live--; } }
        public string SchemaClassName { get { return member.Class; } }
        public Properties Properties
        {
            get
            {
                return new Properties(name =>
                {
                    if (member.Fault != null) throw new InvalidOperationException(member.Fault);
                    return new object[] { SecurityIdentifier.Bytes(member.Sid) };
                });
            }
        }
        public object Invoke(string method)
        {
            Calls.Add("winnt." + method);
            var m = Regex.Match(path, "^WinNT://([^/]+)/(.+),group$");
            if (!m.Success || !Ad.Local.TryGetValue(m.Groups[1].Value + "|" + m.Groups[2].Value, out var list)) throw new InvalidOperationException("The group name could not be found.");
            return list.Cast<object>().ToArray();
        }
    }

    // ---- the directory ----------------------------------------------------------------------------------------------
    public class AdObject
    {
        public readonly string Dn; public readonly AdDomain Domain; public string SidText;
        public readonly Dictionary<string, object[]> Attributes = new Dictionary<string, object[]>(StringComparer.OrdinalIgnoreCase);
        public AdObject(string dn, AdDomain domain) { Dn = dn; Domain = domain; Attributes["distinguishedName"] = new object[] { dn }; }
        public string Parent { get { var m = Regex.Match(Dn, @"(?<=(?:^|[^\\])(?:\\\\)*),"); return m.Success ? Dn.Substring(m.Index + 1) : ""; } }
        public AdObject Set(string name, params object[] values)
        {
            var plain = values.Select(v => v is PSObject p ? p.BaseObject : v).Where(v => v != null).ToArray();
            if (plain.Length == 0) { Attributes.Remove(name); return this; }
            Attributes[name] = plain;
            if (name == "objectSid") SidText = new SecurityIdentifier((byte[])plain[0], 0).Value;
            return this;
        }
        public AdObject SetBytes(string name, byte[] value) { return Set(name, new object[] { value }); }
        public AdObject SetMany(string name, string[] values) { return Set(name, values.Cast<object>().ToArray()); }
    }
    public class AdDomain
    {
        public string Dns, Dn, Sid, NetBios, Controller;
        /// Why it cannot be reached; which searches fail, as a pattern for filter and base.
        public string Fault, SearchFault;
        public readonly List<AdObject> Objects = new List<AdObject>();
        public readonly Dictionary<string, AdObject> ByDn = new Dictionary<string, AdObject>(StringComparer.OrdinalIgnoreCase);
        public AdObject Add(string dn) { var o = new AdObject(dn, this); Objects.Add(o); ByDn[dn] = o; return o; }
    }
    public static class Ad
    {
        public static readonly Dictionary<string, AdDomain> Domains = new Dictionary<string, AdDomain>(StringComparer.OrdinalIgnoreCase);
        public static readonly List<string> ForestDomains = new List<string>();
        public static string ForestFault; public static int MaxValRange = 1500; public static int Live;
        /// Attributes that may not be read: `name`, or `distinguished name|name`.
        public static readonly HashSet<string> Hidden = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        /// Local groups by `HOST|Group`.
        public static readonly Dictionary<string, List<LocalMember>> Local = new Dictionary<string, List<LocalMember>>(StringComparer.OrdinalIgnoreCase);
        public static void Reset() { Domains.Clear(); ForestDomains.Clear(); ForestFault = null; Hidden.Clear(); Local.Clear(); Dns.Names.Clear(); Live = 0; }
        public static AdDomain Reach(string name)
        {
            if (!Domains.TryGetValue(name, out AdDomain d)) d = Domains.Values.FirstOrDefault(o => string.Equals(o.Controller, name, StringComparison.OrdinalIgnoreCase));
            if (d == null || d.Fault != null) throw new LdapException(d == null ? "The LDAP server is unavailable." : d.Fault);
            return d;
        }
    }
    public class LdapException : Exception { public LdapException(string message) : base(message) { } }
    public class ForestDomain { public string Name { get; set; } }
    public class Forest
    {
        public ForestDomain[] Domains { get; set; }
        public static Forest GetCurrentForest()
        {
            if (Ad.ForestFault != null) throw new InvalidOperationException(Ad.ForestFault);
            return new Forest { Domains = Ad.ForestDomains.Select(n => new ForestDomain { Name = n }).ToArray() };
        }
    }
    public class SessionOptions { public int ProtocolVersion { get; set; } public string ReferralChasing { get; set; } public bool SecureSocketLayer { get; set; } public bool Signing { get; set; } public bool Sealing { get; set; } }
    public class Attribute
    {
        readonly object[] values; public Attribute(object[] values) { this.values = values; }
        public object[] GetValues(Type type) { return type == typeof(string) ? values.Select(v => (object)Convert.ToString(v, CultureInfo.InvariantCulture)).ToArray() : values; }
    }
    public class Entry { public Attributes Attributes { get; } = new Attributes(); }
    public class Attributes
    {
        readonly Dictionary<string, Attribute> all = new Dictionary<string, Attribute>(StringComparer.OrdinalIgnoreCase);
        public ICollection AttributeNames { get { return all.Keys; } }
        public Attribute this[string name] { get { return all[name]; } }
        internal void Put(string name, object[] values) { all[name] = new Attribute(values); }
    }
    public class PageControl { public string Type { get { return "1.2.840.113556.1.4.319"; } } public byte[] Cookie { get; set; } }
    public class Response { public List<Entry> Entries { get; } = new List<Entry>(); public List<PageControl> Controls { get; } = new List<PageControl>(); }
    public class LdapConnection : IDisposable
    {
        readonly string server; AdDomain domain; bool disposed;
        readonly Dictionary<int, List<AdObject>> open = new Dictionary<int, List<AdObject>>();
        public string AuthType { get; set; } public object Credential { get; set; } public TimeSpan Timeout { get; set; } public bool AutoBind { get; set; }
        public SessionOptions SessionOptions { get; } = new SessionOptions();
        static object Of(object o, string name) { return o.GetType().GetProperty(name)?.GetValue(o); }
        public LdapConnection(object identity) { server = ((string[])Of(identity, "Servers"))[0]; Ad.Live++; }
        public void Dispose() { if (!disposed) { disposed = true; Ad.Live--; } }
        public void Bind()
        {
            Calls.Add("ldap.Bind");
            if (!SessionOptions.SecureSocketLayer && !(SessionOptions.Signing && SessionOptions.Sealing)) throw new LdapException("Strong authentication is required.");
            domain = Ad.Reach(server);
        }
        public Response SendRequest(object request, TimeSpan timeout)
        {
            string dn = (string)Of(request, "DistinguishedName"), filter = (string)Of(request, "Filter"), scope = Of(request, "Scope").ToString();
            var names = ((IEnumerable)Of(request, "Attributes")).Cast<string>().ToArray();
            var controls = ((IEnumerable)Of(request, "Controls")).Cast<object>().ToArray();
            var page = controls.FirstOrDefault(c => Of(c, "PageSize") != null);
            bool secure = controls.Any(c => c.GetType().Name == "SecurityDescriptorFlagControl");
            Calls.Add("ldap.Search." + scope);
            if (domain.SearchFault != null && Regex.IsMatch(filter + "|" + dn, domain.SearchFault)) throw new LdapException("The server is not operational.");
            var response = new Response();
            if (dn == "" && scope == "Base") { response.Entries.Add(Root(names)); return response; }
            byte[] cookie = page == null ? new byte[0] : (byte[])Of(page, "Cookie");
            int at = 0, number = open.Count + 1;
            List<AdObject> found;
            if (cookie.Length == 8) { number = BitConverter.ToInt32(cookie, 0); at = BitConverter.ToInt32(cookie, 4); found = open[number]; }
            else found = Find(dn, scope, filter);
            int size = page == null ? int.MaxValue : (int)Of(page, "PageSize");
            foreach (var o in found.Skip(at).Take(size)) { Calls.Add("ldap.Entry"); response.Entries.Add(Give(o, names, secure)); }
            bool more = found.Count - at > size;
            if (more) open[number] = found;
            if (page != null) response.Controls.Add(new PageControl { Cookie = more ? BitConverter.GetBytes(number).Concat(BitConverter.GetBytes(at + size)).ToArray() : new byte[0] });
            return response;
        }
        Entry Root(string[] names)
        {
            var root = new Entry();
            root.Attributes.Put("defaultNamingContext", new object[] { domain.Dn });
            root.Attributes.Put("configurationNamingContext", new object[] { "CN=Configuration," + (Ad.ForestDomains.Contains(domain.Dns) ? Ad.Domains[Ad.ForestDomains[0]].Dn : domain.Dn) });
            root.Attributes.Put("dnsHostName", new object[] { domain.Controller });
            return root;
        }
        List<AdObject> Find(string dn, string scope, string filter)
        {
            if (!domain.ByDn.TryGetValue(dn, out AdObject start)) throw new LdapException("The object does not exist.");
            var match = new Filter(filter, domain).Parse();
            if (scope == "Base") return new[] { start }.Where(match).ToList();
            var below = domain.Objects.Where(o => o.Dn.EndsWith(dn, StringComparison.OrdinalIgnoreCase));
            if (scope == "OneLevel") below = below.Where(o => o.Parent.Equals(dn, StringComparison.OrdinalIgnoreCase));
            return below.Where(match).ToList();
        }
        static Entry Give(AdObject o, string[] names, bool secure)
        {
            var entry = new Entry();
            foreach (var asked in names)
            {
                var m = Regex.Match(asked, @"^([^;]+);range=(\d+)-(\*|\d+)$");
                string name = m.Success ? m.Groups[1].Value : asked;
                if (Ad.Hidden.Contains(name) || Ad.Hidden.Contains(o.Dn + "|" + name) || !o.Attributes.TryGetValue(name, out object[] all)) continue;
                if (name.Equals("nTSecurityDescriptor", StringComparison.OrdinalIgnoreCase) && !secure) continue;
                if (!m.Success) { entry.Attributes.Put(name, all); continue; }
                int from = int.Parse(m.Groups[2].Value), size = Ad.MaxValRange;
                if (m.Groups[3].Value != "*") size = Math.Min(size, int.Parse(m.Groups[3].Value) - from + 1);
                if (from >= all.Length) throw new LdapException("An operations error occurred.");
                bool last = all.Length - from <= size; int take = last ? all.Length - from : size;
                entry.Attributes.Put(name + ";range=" + from + "-" + (last ? "*" : (from + take - 1).ToString()), all.Skip(from).Take(take).ToArray());
            }
            return entry;
        }
    }
    /// LDAP filters: and, or, not, equality, presence, all bits of a number.
    public class Filter
    {
        readonly string text; readonly AdDomain domain; int at;
        public Filter(string text, AdDomain domain) { this.text = text; this.domain = domain; }
        public Func<AdObject, bool> Parse() { var f = One(); if (at != text.Length) throw Wrong(); return f; }
        Exception Wrong() { return new LdapException("The search filter is invalid."); }
        Func<AdObject, bool> One()
        {
            Expect('(');
            Func<AdObject, bool> result;
            char c = text[at];
            if (c == '&' || c == '|')
            {
                at++; var parts = new List<Func<AdObject, bool>>();
                while (text[at] == '(') parts.Add(One());
                if (c == '&') result = o => parts.All(p => p(o)); else result = o => parts.Any(p => p(o));
            }
            else if (c == '!') { at++; var inner = One(); result = o => !inner(o); }
            else
            {
                int equals = text.IndexOf('=', at), end = text.IndexOf(')', at);
                if (equals < 0 || end < equals) throw Wrong();
                string name = text.Substring(at, equals - at), value = text.Substring(equals + 1, end - equals - 1); at = end;
                if (value.Contains("(")) throw Wrong();
                result = Item(name, value);
            }
            Expect(')');
            return result;
        }
        Func<AdObject, bool> Item(string name, string value)
        {
            if (value == "*") return o => o.Attributes.ContainsKey(name);
            string plain = Regex.Replace(value, @"\\([0-9a-fA-F]{2})", m => ((char)Convert.ToByte(m.Groups[1].Value, 16)).ToString());
            if (name.EndsWith(":1.2.840.113556.1.4.803:"))
            {
                string flag = name.Split(':')[0]; long bits = long.Parse(plain);
                return o => o.Attributes.TryGetValue(flag, out object[] v) && (Convert.ToInt64(v[0]) & bits) == bits;
            }
            if (name.Equals("objectSid", StringComparison.OrdinalIgnoreCase)) return o => string.Equals(o.SidText, plain, StringComparison.OrdinalIgnoreCase);
            if (name.Equals("memberOf", StringComparison.OrdinalIgnoreCase))
            {
                var members = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
                if (domain.ByDn.TryGetValue(plain, out AdObject group) && group.Attributes.TryGetValue("member", out object[] all)) foreach (var m in all) members.Add(m.ToString());
                return o => members.Contains(o.Dn);
            }
            return o => o.Attributes.TryGetValue(name, out object[] v) && v.Any(x => string.Equals(Convert.ToString(x, CultureInfo.InvariantCulture), plain, StringComparison.OrdinalIgnoreCase));
        }
        void Expect(char c) { if (at >= text.Length || text[at] != c) throw Wrong(); at++; }
    }

    // ---- SQL Server -------------------------------------------------------------------------------------------------
    public class SqlException : Exception { public SqlException(string message) : base(message) { } }
    public static class Sql
    {
        /// Rows by `server|database|kind`; faults by `server|database` or with the kind.
        public static readonly Dictionary<string, string[]> Columns = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        public static readonly Dictionary<string, List<object[]>> Data = new Dictionary<string, List<object[]>>(StringComparer.OrdinalIgnoreCase);
        public static readonly Dictionary<string, string> Faults = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        public static int Live;
        public static void Reset() { Columns.Clear(); Data.Clear(); Faults.Clear(); Live = 0; }
        public static void Add(string key, object[] row) { if (!Data.TryGetValue(key, out var list)) Data[key] = list = new List<object[]>(); list.Add(row.Select(v => v is PSObject p ? p.BaseObject : v).ToArray()); }
    }
    public class SqlConnection : IDisposable
    {
        internal readonly string Key; bool open;
        public SqlConnection(string text)
        {
            var b = new System.Data.Common.DbConnectionStringBuilder { ConnectionString = text };
            // A port is no part of the name.
            Key = ((string)b["Data Source"]).Split(',')[0] + "|" + b["Initial Catalog"];
        }
        public void Open()
        {
            Calls.Add("sql.Open");
            if (Sql.Faults.TryGetValue(Key, out string fault)) throw new SqlException(fault);
            if (!Sql.Data.Keys.Any(k => k.StartsWith(Key + "|", StringComparison.OrdinalIgnoreCase))) throw new SqlException("A network-related or instance-specific error occurred while establishing a connection to SQL Server. The server was not found or was not accessible.");
            open = true; Sql.Live++;
        }
        public SqlCommand CreateCommand() { return new SqlCommand { Connection = this }; }
        public void Dispose() { if (open) { open = false; Sql.Live--; } }
    }
    public class SqlCommand
    {
        public SqlConnection Connection; public string CommandText { get; set; } public int CommandTimeout { get; set; }
        public SqlReader ExecuteReader()
        {
            Calls.Add("sql.Query");
            string kind = CommandText.Contains("HAS_PERMS_BY_NAME") ? "HasPerms" : CommandText.Contains("role_members") ? "SqlRoleMember" : CommandText.Contains("server_permissions") ? "SqlPermission" : "SqlPrincipal";
            string key = Connection.Key + "|" + kind;
            if (Sql.Faults.TryGetValue(key, out string fault)) throw new SqlException(fault);
            Sql.Data.TryGetValue(key, out var rows);
            return new SqlReader(Sql.Columns[kind], rows ?? new List<object[]>());
        }
    }
    public class SqlReader : IDisposable
    {
        readonly string[] columns; readonly List<object[]> rows; int at = -1;
        public SqlReader(string[] columns, List<object[]> rows) { this.columns = columns; this.rows = rows; }
        public bool Read() { return ++at < rows.Count; }
        public int FieldCount { get { return columns.Length; } }
        public string GetName(int i) { return columns[i]; }
        public object GetValue(int i) { return rows[at][i] ?? DBNull.Value; }
        public void Dispose() { }
    }

    // ---- folders of Windows computers, by `HOST|path`; what starts with a slash is real ------------------------------
    public class Made { public string FullName { get; set; } }
    public static class Directory
    {
        public static readonly HashSet<string> Folders = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        static string Host { get { return (Environment.GetEnvironmentVariable("COMPUTERNAME") ?? "").ToUpperInvariant(); } }
        public static bool Exists(string path) { return path.StartsWith("/") ? System.IO.Directory.Exists(path) : Folders.Contains(Host + "|" + path.TrimEnd('\\')); }
        public static Made CreateDirectory(string path) { return new Made { FullName = System.IO.Directory.CreateDirectory(path).FullName }; }
        public static string[] GetDirectories(string path)
        {
            string start = Host + "|" + path.TrimEnd('\\') + "\\";
            return Folders.Where(f => f.StartsWith(start, StringComparison.OrdinalIgnoreCase) && f.IndexOf('\\', start.Length) < 0).Select(f => f.Substring(Host.Length + 1)).OrderBy(f => f, StringComparer.Ordinal).ToArray();
        }
    }
}
