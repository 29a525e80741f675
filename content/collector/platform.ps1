# ---------------------------------------------------------------------------------------------------------------------
# What only the platform has: CIM, remoting, ADSI, LDAP, SQL Server, the registry, access lists, secedit. All of it is
# called here and nowhere else, and everything here reads, but for the folder that is written to and secedit's file.

function Test-Windows {
    return $env:OS -eq 'Windows_NT'
}

function Get-Identity {
    # Who runs this, and whether as an administrator.
    if (-not (Test-Windows)) { return @{ Name = [System.Environment]::UserName; Sids = @(); Elevated = $false } }
    $identity = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object -TypeName System.Security.Principal.WindowsPrincipal -ArgumentList $identity
    return @{
        Name = $identity.Name
        Sids = @($identity.User.Value) + @($identity.Groups | ForEach-Object { $_.Value })
        Elevated = $principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
    }
}

function Get-HostName {
    # The whole name of this computer, as DNS has it: the name in the environment is cut at 15 letters.
    $name = "$env:COMPUTERNAME"
    try { $name = [System.Net.Dns]::GetHostEntry('').HostName } catch { Write-Verbose -Message "DNS does not know this computer: $($_.Exception.Message)" }
    if ($name -eq '') { $name = [System.Net.Dns]::GetHostName() }
    return $name.ToLowerInvariant()
}

function Get-RegistryValue {
    # A value of the registry, or nothing where there is none.
    param([string] $Path, [string] $Name)
    if (-not (Test-Path -LiteralPath $Path)) { return $null }
    $property = (Get-ItemProperty -LiteralPath $Path).PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return , $property.Value
}

function Get-ConsoleServer {
    # The provider that a console's drive in this session is connected to.
    foreach ($drive in @(Get-PSDrive | Where-Object { $_.Provider.Name -eq 'CMSite' } | Select-Object -First 1)) { return $drive.Root }
}

# --- the folder that is written to

function Initialize-Directory {
    # Makes the folder, for its owner and administrators only.
    param([string] $Path)
    if (-not (Test-Windows)) {
        # 448 is 0700.
        return [System.IO.Directory]::CreateDirectory($Path, [System.IO.UnixFileMode] 448).FullName
    }
    $made = [System.IO.Directory]::CreateDirectory($Path).FullName
    $security = New-Object -TypeName System.Security.AccessControl.DirectorySecurity
    $security.SetAccessRuleProtection($true, $false)
    foreach ($sid in [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value, 'S-1-5-32-544', 'S-1-5-18') {
        $holder = New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $sid
        $security.AddAccessRule((New-Object -TypeName System.Security.AccessControl.FileSystemAccessRule -ArgumentList $holder, 'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow'))
    }
    try { Set-Acl -LiteralPath $made -AclObject $security }
    catch { Write-Warning -Message "the permissions of $made could not be set: $($_.Exception.Message)" }
    return $made
}

# --- CIM

function Connect-Cim {
    # A connection over WinRM or DCOM; to this computer without either.
    param([string] $Name, [string] $Protocol, $As)
    if ($Name -eq '') { return New-CimSession -OperationTimeoutSec $TimeoutSeconds }
    $more = @{}
    if ($null -ne $As) { $more['Credential'] = $As }
    if ('Default', 'Basic' -notcontains $Authentication -or ($Authentication -eq 'Basic' -and $Protocol -ne 'Dcom')) { $more['Authentication'] = $Authentication }
    if ($Protocol -eq 'Dcom') { $more['SessionOption'] = New-CimSessionOption -Protocol Dcom }
    else {
        if ($UseSSL) { $more['SessionOption'] = New-CimSessionOption -UseSsl }
        if ($Port -ne 0) { $more['Port'] = $Port }
    }
    return New-CimSession -ComputerName $Name -OperationTimeoutSec $TimeoutSeconds @more
}

function Get-CimList {
    # All instances of a class, or what a query gives.
    param($Session, [string] $Namespace, [string] $Class, [string] $Query)
    if ($Query) { return Get-CimInstance -CimSession $Session -Namespace $Namespace -Query $Query -OperationTimeoutSec $TimeoutSeconds }
    return Get-CimInstance -CimSession $Session -Namespace $Namespace -ClassName $Class -OperationTimeoutSec $TimeoutSeconds
}

function Get-CimWhole {
    # An instance with the properties that a list leaves out.
    param($Session, $Instance)
    return Get-CimInstance -CimSession $Session -InputObject $Instance -OperationTimeoutSec $TimeoutSeconds
}

function Test-Instance {
    param($Value)
    return $Value -is [Microsoft.Management.Infrastructure.CimInstance]
}

# --- other computers

function Start-Remote {
    # Has a block run on computers, as a job.
    param([string[]] $Names, [scriptblock] $Block, [object[]] $Arguments, $As)
    $milliseconds = 1000 * $TimeoutSeconds
    $more = @{}
    if ($null -ne $As) { $more['Credential'] = $As }
    if ($Authentication -ne 'Default') { $more['Authentication'] = $Authentication }
    if ($UseSSL) { $more['UseSSL'] = $true }
    if ($Port -ne 0) { $more['Port'] = $Port }
    $option = New-PSSessionOption -OpenTimeout ([math]::Min($milliseconds, 60000)) -OperationTimeout $milliseconds -CancelTimeout 10000
    return Invoke-Command -ComputerName $Names -ScriptBlock $Block -ArgumentList $Arguments -SessionOption $option -ThrottleLimit $ThrottleLimit -AsJob @more
}

function Get-Remote {
    # What a computer has answered so far, and why not more.
    param($Job)
    $problems = @()
    $answer = @(Receive-Job -Job $Job -ErrorAction SilentlyContinue -ErrorVariable problems)
    $reason = $null
    if (@($problems).Count -gt 0) { $reason = $problems[0] }
    elseif ($null -ne $Job.JobStateInfo.Reason) { $reason = $Job.JobStateInfo.Reason }
    return @{ Answer = $answer; Reason = $reason }
}

# --- this computer, or the one that the block runs on

function Get-LocalInstance {
    param([string] $Class, [string] $Filter = '', [string] $Namespace = 'root\cimv2')
    if ($Filter) { return Get-CimInstance -Namespace $Namespace -ClassName $Class -Filter $Filter }
    return Get-CimInstance -Namespace $Namespace -ClassName $Class
}

function Get-NamespaceSddl {
    # The security descriptor of a WMI name space.
    param([string] $Namespace)
    $answer = Invoke-CimMethod -Namespace $Namespace -ClassName '__SystemSecurity' -MethodName 'GetSD'
    if ($answer.ReturnValue -ne 0) { throw "GetSD answered $($answer.ReturnValue)" }
    return (ConvertTo-SddlText -Bytes $answer.SD)
}

function ConvertTo-SddlText {
    # A security descriptor in text.
    param([byte[]] $Bytes)
    $descriptor = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList $Bytes, 0
    return $descriptor.GetSddlForm([System.Security.AccessControl.AccessControlSections]::All)
}

function Get-SidName {
    # The name of a security identifier; the identifier itself where it has none.
    param([string] $Sid)
    try { return (New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $Sid).Translate([System.Security.Principal.NTAccount]).Value }
    catch { return $Sid }
}

function Get-LocalMember {
    # The members of a local group: bytes of the identifier, class, and why a member cannot be read.
    param([string] $Group)
    $entry = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList "WinNT://$env:COMPUTERNAME/$Group,group"
    try {
        foreach ($native in @($entry.psbase.Invoke('Members'))) {
            $member = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList $native
            try {
                $bytes = $member.psbase.Properties['objectSid'].Value
                # What goes wrong in there gives nothing.
                if ($null -eq $bytes) { throw 'the identifier of a member cannot be read' }
                @{ Sid = (New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $bytes, 0).Value; Class = "$($member.psbase.SchemaClassName)"; Problem = $null }
            }
            catch { @{ Sid = ''; Class = ''; Problem = $_ } }
            finally { $member.Dispose() }
        }
    }
    finally { $entry.Dispose() }
}

function Get-UserRight {
    # The lines of a template with all user rights. secedit writes to a file only; it is gone when this returns.
    $file = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "cmlint-$([guid]::NewGuid()).inf")
    $log = "$file.log"
    try {
        $null = & "$env:SystemRoot\System32\secedit.exe" /export /areas USER_RIGHTS /cfg $file /log $log /quiet
        $code = $LASTEXITCODE
        if ($code -ne 0 -or -not [System.IO.File]::Exists($file)) { throw "secedit ended with $code; it needs an administrator" }
        return [System.IO.File]::ReadAllLines($file)
    }
    finally {
        [System.IO.File]::Delete($file)
        [System.IO.File]::Delete($log)
    }
}

function Get-FolderSecurity {
    # Owner and access list of a folder. The provider is named: another may be the current one.
    param([string] $Path)
    $security = Get-Acl -LiteralPath "Microsoft.PowerShell.Core\FileSystem::$Path"
    return @{ Owner = "$($security.Owner)"; Sddl = "$($security.Sddl)" }
}

function Test-Folder {
    param([string] $Path)
    return [System.IO.Directory]::Exists($Path)
}

function Get-InnerFolder {
    param([string] $Path)
    return [System.IO.Directory]::GetDirectories($Path)
}

function Get-Share {
    return Get-SmbShare
}

function Get-ShareEntry {
    param([string] $Name, [string] $Scope)
    return Get-SmbShareAccess -Name $Name -ScopeName $Scope
}

# --- the directory

function Get-ForestDomain {
    # The domains of this computer's forest.
    $forest = [System.DirectoryServices.ActiveDirectory.Forest]::GetCurrentForest()
    foreach ($one in $forest.Domains) { $one.Name }
}

function Connect-Ldap {
    # A connection to a domain, of whose controllers one is chosen, or to a server: signed and sealed, or over TLS.
    param([string] $Name, [bool] $IsServer, $As)
    Add-Type -AssemblyName System.DirectoryServices.Protocols
    if ($Authentication -eq 'Basic' -and -not $UseSSL) { throw 'Basic sends the password as it is: it goes with -UseSSL only' }
    $number = if ($DirectoryOnly -and $Port -ne 0) { $Port } elseif ($UseSSL) { 636 } else { 389 }
    $identity = New-Object -TypeName System.DirectoryServices.Protocols.LdapDirectoryIdentifier -ArgumentList $Name, $number, $IsServer, $false
    $connection = New-Object -TypeName System.DirectoryServices.Protocols.LdapConnection -ArgumentList $identity
    $connection.AuthType = if ($Authentication -eq 'Basic') { 'Basic' } elseif ($Authentication -eq 'Kerberos' -or -not (Test-Windows)) { 'Kerberos' } else { 'Negotiate' }
    if ($null -ne $As) { $connection.Credential = $As.GetNetworkCredential() }
    $connection.Timeout = [timespan]::FromSeconds($TimeoutSeconds)
    $connection.AutoBind = $false
    $options = $connection.SessionOptions
    $options.ProtocolVersion = 3
    $options.ReferralChasing = 'None'
    if ($UseSSL) { $options.SecureSocketLayer = $true }
    elseif (Test-Windows) {
        # Elsewhere the SASL library signs and seals on its own and cannot be told so.
        $options.Signing = $true
        $options.Sealing = $true
    }
    try { $connection.Bind() }
    catch {
        $connection.Dispose()
        throw
    }
    return $connection
}

function Search-Ldap {
    # What a search gives, page by page: for each object a table of its attributes, each a list.
    param($Connection, [string] $Base, [string] $Filter, [string[]] $Properties, [string] $Scope, [switch] $Security)
    $request = New-Object -TypeName System.DirectoryServices.Protocols.SearchRequest -ArgumentList $Base, $Filter, $Scope, $Properties
    $page = $null
    if ($Scope -ne 'Base') {
        $page = New-Object -TypeName System.DirectoryServices.Protocols.PageResultRequestControl -ArgumentList 1000
        $null = $request.Controls.Add($page)
        $null = $request.Controls.Add((New-Object -TypeName System.DirectoryServices.Protocols.SearchOptionsControl -ArgumentList 'DomainScope'))
    }
    if ($Security) { $null = $request.Controls.Add((New-Object -TypeName System.DirectoryServices.Protocols.SecurityDescriptorFlagControl -ArgumentList 'Owner, Group, Dacl')) }
    do {
        $answer = $Connection.SendRequest($request, $Connection.Timeout)
        foreach ($entry in $answer.Entries) {
            $found = @{}
            foreach ($key in $entry.Attributes.AttributeNames) {
                $type = if ('objectSid', 'nTSecurityDescriptor' -contains $key) { [byte[]] } else { [string] }
                $found["$key"] = $entry.Attributes[$key].GetValues($type)
            }
            $found
        }
        $cookie = @()
        foreach ($one in $answer.Controls) { if ("$($one.Type)" -eq '1.2.840.113556.1.4.319') { $cookie = $one.Cookie } }
        if ($null -ne $page) { $page.Cookie = [byte[]] $cookie }
    } while ($null -ne $page -and $cookie.Length -gt 0)
}

function Close-Ldap {
    param($Connection)
    $Connection.Dispose()
}

# --- SQL Server

function Connect-Sql {
    param([string] $Name, [string] $Database)
    $builder = New-Object -TypeName System.Data.SqlClient.SqlConnectionStringBuilder
    $builder['Data Source'] = $Name
    $builder['Initial Catalog'] = $Database
    $builder['Integrated Security'] = $true
    $builder['Connect Timeout'] = [math]::Min($TimeoutSeconds, 60)
    $builder['Application Name'] = 'cmlint collect'
    $connection = New-Object -TypeName System.Data.SqlClient.SqlConnection -ArgumentList $builder.ConnectionString
    $connection.Open()
    return $connection
}

function Read-Query {
    # The rows of a query, as dictionaries.
    param($Connection, [string] $Text)
    $command = $Connection.CreateCommand()
    $command.CommandText = $Text
    $command.CommandTimeout = $TimeoutSeconds
    $reader = $command.ExecuteReader()
    try {
        while ($reader.Read()) {
            $row = [ordered]@{}
            for ($at = 0; $at -lt $reader.FieldCount; $at++) {
                $value = $reader.GetValue($at)
                if ($value -is [System.DBNull]) { $value = $null }
                $row[$reader.GetName($at)] = $value
            }
            $row
        }
    }
    finally { $reader.Dispose() }
}

function Close-Sql {
    param($Connection)
    $Connection.Dispose()
}
