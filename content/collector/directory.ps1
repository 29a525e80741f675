# ---------------------------------------------------------------------------------------------------------------------
# Active Directory

# Connections by the name of the domain, lower case.
$Connections = @{}

function Get-Escaped {
    # A text as it may stand in a search filter.
    param([string] $Text)
    return $Text.Replace('\', '\5c').Replace('*', '\2a').Replace('(', '\28').Replace(')', '\29').Replace("`0", '\00')
}

function ConvertTo-DnsName {
    # The domain that a distinguished name ends in. A comma behind a backslash is part of a name.
    param([string] $Name)
    $parts = New-Object -TypeName 'System.Collections.Generic.List[string]'
    foreach ($part in [regex]::Split($Name, '(?<=(?:^|[^\\])(?:\\\\)*),')) {
        if ($part -match '^\s*DC=(.+)$') { $parts.Add($Matches[1].Trim()) } else { $parts.Clear() }
    }
    return ($parts -join '.').ToLowerInvariant()
}

function ConvertTo-SidText {
    # A security identifier from its bytes.
    param([byte[]] $Bytes, [int] $At = 0)
    $authority = [long] 0
    for ($i = 2; $i -lt 8; $i++) { $authority = $authority * 256 + $Bytes[$At + $i] }
    $text = "S-$($Bytes[$At])-$authority"
    for ($i = 0; $i -lt $Bytes[$At + 1]; $i++) { $text += '-' + [System.BitConverter]::ToUInt32($Bytes, $At + 8 + 4 * $i) }
    return $text
}

function ConvertTo-Ace {
    # One entry of an access list, and how long it is. Masks and identifiers are numbers.
    param([byte[]] $Bytes, [int] $At)
    $kinds = @{ 0 = 'A'; 1 = 'D'; 5 = 'OA'; 6 = 'OD'; 9 = 'XA'; 10 = 'XD'; 11 = 'ZA' }
    $kind = [int] $Bytes[$At]
    if (-not $kinds.ContainsKey($kind)) { throw "an access list holds an entry of the unknown type $kind" }
    $flags = ''
    foreach ($flag in @(1, 'OI'), @(2, 'CI'), @(4, 'NP'), @(8, 'IO'), @(16, 'ID')) { if (($Bytes[$At + 1] -band $flag[0]) -ne 0) { $flags += $flag[1] } }
    $mask = [System.BitConverter]::ToUInt32($Bytes, $At + 4)
    $place = $At + 8
    $types = @('', '')
    if (5, 6, 11 -contains $kind) {
        $has = [System.BitConverter]::ToUInt32($Bytes, $place)
        $place += 4
        foreach ($which in 0, 1) {
            if (($has -band (1 + $which)) -eq 0) { continue }
            $types[$which] = (New-Object -TypeName guid -ArgumentList (, [byte[]] $Bytes[$place..($place + 15)])).ToString()
            $place += 16
        }
    }
    # What a condition says is not decoded: the entry counts as conditional.
    $end = if ($kind -ge 9) { ';(Exists unknown)' } else { '' }
    $sid = ConvertTo-SidText -Bytes $Bytes -At $place
    return @{
        Text = '({0};{1};0x{2:x};{3};{4};{5}{6})' -f $kinds[$kind], $flags, $mask, $types[0], $types[1], $sid, $end
        Size = [int] [System.BitConverter]::ToUInt16($Bytes, $At + 2)
    }
}

function ConvertTo-Sddl {
    # A self-relative security descriptor in text, without what is audited.
    param([byte[]] $Bytes)
    if (Test-Windows) { return (ConvertTo-SddlText -Bytes $Bytes) }
    $control = [System.BitConverter]::ToUInt16($Bytes, 2)
    $out = New-Object -TypeName System.Text.StringBuilder
    foreach ($part in @('O:', 4), @('G:', 8)) {
        $at = [System.BitConverter]::ToInt32($Bytes, $part[1])
        if ($at -ne 0) { $null = $out.Append($part[0]).Append((ConvertTo-SidText -Bytes $Bytes -At $at)) }
    }
    if (($control -band 4) -eq 0) { return $out.ToString() }
    $null = $out.Append('D:')
    $at = [System.BitConverter]::ToInt32($Bytes, 16)
    if ($at -eq 0) { return $out.Append('NO_ACCESS_CONTROL').ToString() }
    foreach ($flag in @(0x1000, 'P'), @(0x100, 'AR'), @(0x400, 'AI')) { if (($control -band $flag[0]) -ne 0) { $null = $out.Append($flag[1]) } }
    $count = [System.BitConverter]::ToUInt16($Bytes, $at + 4)
    $at += 8
    for ($n = 0; $n -lt $count; $n++) {
        $entry = ConvertTo-Ace -Bytes $Bytes -At $at
        $null = $out.Append($entry.Text)
        $at += $entry.Size
    }
    return $out.ToString()
}

function Connect-Directory {
    # The connection to a domain, kept for the whole run: by its name, so that Windows chooses a controller.
    param([string] $Name)
    $key = $Name.ToLowerInvariant()
    if (-not $Connections.ContainsKey($key)) { $Connections[$key] = Connect-Ldap -Name $Name -IsServer $false -As (Get-CredentialFor -Name $Name) }
    return $Connections[$key]
}

function Find-Directory {
    # What a search below a place of a domain gives.
    param([hashtable] $Info, [string] $Base, [string] $Filter, [string[]] $Properties, [string] $Scope = 'Subtree', [switch] $Security)
    return Search-Ldap -Connection $Info.Connection -Base $Base -Filter $Filter -Properties $Properties -Scope $Scope -Security:$Security
}

function Get-First {
    # The first value of an attribute; nothing where it is not there or may not be read.
    param($Result, [string] $Name)
    if ($null -eq $Result -or -not $Result.ContainsKey($Name)) { return $null }
    $values = $Result[$Name]
    if ($null -eq $values -or $values.Count -eq 0) { return $null }
    # Bytes are one value.
    return , $values[0]
}

function Get-ResultSid {
    param($Result)
    $bytes = Get-First -Result $Result -Name 'objectSid'
    if ($null -eq $bytes) { return '' }
    return (ConvertTo-SidText -Bytes $bytes)
}

function Get-Root {
    # What a directory server says of itself.
    param($Connection)
    return Search-Ldap -Connection $Connection -Base '' -Filter '(objectClass=*)' -Properties 'defaultNamingContext', 'configurationNamingContext', 'dnsHostName' -Scope 'Base' | Select-Object -First 1
}

function Get-DomainInfo {
    # A domain: its names, its identifier, one of its controllers, where to search it.
    param([string] $DnsName)
    $info = @{ Connection = Connect-Directory -Name $DnsName }
    $root = Get-Root -Connection $info.Connection
    $info.Name = "$(Get-First -Result $root -Name 'defaultNamingContext')"
    if ($info.Name -eq '') { throw 'the directory server does not name its domain' }
    $info.Dns = ConvertTo-DnsName -Name $info.Name
    $configuration = "$(Get-First -Result $root -Name 'configurationNamingContext')"
    $head = Find-Directory -Info $info -Base $info.Name -Filter '(objectClass=*)' -Scope 'Base' -Properties 'objectSid', 'fSMORoleOwner' | Select-Object -First 1
    $info.Sid = Get-ResultSid -Result $head
    if ($info.Sid -eq '') { throw 'the identifier of the domain may not be read' }
    $partition = Find-Directory -Info $info -Base "CN=Partitions,$configuration" -Filter "(&(objectClass=crossRef)(nCName=$(Get-Escaped -Text $info.Name)))" -Properties 'nETBIOSName' | Select-Object -First 1
    $info.Short = "$(Get-First -Result $partition -Name 'nETBIOSName')"
    # The owner of the role is the settings object below that of the server.
    $info.Controller = "$(Get-First -Result $root -Name 'dnsHostName')"
    $owner = "$(Get-First -Result $head -Name 'fSMORoleOwner')" -replace '^CN=NTDS Settings,', ''
    if ($owner -ne '') {
        try { $controller = Find-Directory -Info $info -Base $owner -Filter '(objectClass=*)' -Scope 'Base' -Properties 'dNSHostName' | Select-Object -First 1 }
        catch { $controller = $null }
        if ($null -ne $controller) { $info.Controller = "$(Get-First -Result $controller -Name 'dNSHostName')" }
    }
    $info.Seen = @{}
    $info.Names = @{}
    $info.Builtin = New-Object -TypeName 'System.Collections.Generic.List[object]'
    return $info
}

function Get-ServerDomain {
    # The domains of the forest of the server that was named; its own is asked for by this connection.
    $connection = Connect-Ldap -Name $Server -IsServer $true -As (Get-CredentialFor -Name $Server)
    $root = Get-Root -Connection $connection
    $own = ConvertTo-DnsName -Name "$(Get-First -Result $root -Name 'defaultNamingContext')"
    $Connections[$own] = $connection
    $own
    $base = "CN=Partitions,$(Get-First -Result $root -Name 'configurationNamingContext')"
    # A partition that is a domain has these two flags.
    foreach ($one in @(Search-Ldap -Connection $connection -Base $base -Filter '(&(objectClass=crossRef)(systemFlags:1.2.840.113556.1.4.803:=3))' -Properties 'dnsRoot' -Scope 'Subtree')) {
        "$(Get-First -Result $one -Name 'dnsRoot')".ToLowerInvariant()
    }
}

function Get-Domain {
    # The domains to read, each once: those of the forest and those asked for. What goes wrong is a failure of all that
    # the domain would have told.
    $domains = [ordered]@{}
    $names = @()
    try {
        if ($Server) { $names = @(Get-ServerDomain) }
        elseif (Test-Windows) { $names = @(Get-ForestDomain) }
        elseif ($Domain.Count -eq 0) { throw 'which domains there are is not known here; name a domain controller with -Server' }
    }
    catch { Add-Failure -Class $DomainClasses -Target 'the domains' -Reason $_ -Tags @{ Secures = 'directory' } }
    foreach ($name in @($names | Select-Object -Unique)) { Add-Work -Class $DomainClasses -Target $name -Tags @{ Domain = $name; Secures = 'directory' } }
    foreach ($name in @($names | Select-Object -Unique) + @($Domain)) {
        if ($domains.Contains($name) -or @($domains.Values | Where-Object { $_.Short -eq $name }).Count -gt 0) { continue }
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $name
        try {
            $info = Get-DomainInfo -DnsName $name
            Close-Work -Class $DomainClasses -Target $name
            if (-not $domains.Contains($info.Dns)) {
                $domains[$info.Dns] = $info
                Add-Work -Class $DomainClasses -Target $info.Dns -Tags @{ Domain = $info.Dns; Secures = 'directory' }
            }
        }
        catch { Add-Failure -Class $DomainClasses -Target $name -Reason $_ -Tags @{ Domain = $name; Secures = 'directory' } }
    }
    if (-not (Test-Windows) -and -not $Server -and $Domain.Count -gt 0) { Write-Verbose -Message 'only the domains of -Domain are read' }
    Close-Work -Class $DomainClasses -Target 'the domains'
    $Manifest['Domains'] = [object[]] @($domains.Keys)
    return $domains
}

function Read-Trust {
    # All trusts of a domain.
    param([hashtable] $Info)
    Invoke-Work -Class 'TrustList' -Target $Info.Dns -Tags @{ Domain = $Info.Dns } -Read {
        $found = @(Find-Directory -Info $Info -Base "CN=System,$($Info.Name)" -Filter '(objectClass=trustedDomain)' -Scope 'OneLevel' -Properties 'cn', 'trustPartner', 'flatName', 'trustDirection', 'trustType', 'trustAttributes')
        $trusts = New-Object -TypeName 'System.Collections.Generic.List[object]'
        foreach ($trust in $found) {
            $attributes = Get-First -Result $trust -Name 'trustAttributes'
            $direction = Get-First -Result $trust -Name 'trustDirection'
            $row = [ordered]@{
                Name = "$(Get-First -Result $trust -Name 'cn')"
                Target = "$(Get-First -Result $trust -Name 'trustPartner')"
                FlatName = "$(Get-First -Result $trust -Name 'flatName')"
                Direction = if ($null -eq $direction) { $null } else { [int] $direction }
                TrustType = [int] (Get-First -Result $trust -Name 'trustType')
                ForestTransitive = if ($null -eq $attributes) { $null } else { ([int] $attributes -band 8) -ne 0 }
                SelectiveAuthentication = if ($null -eq $attributes) { $null } else { ([int] $attributes -band 16) -ne 0 }
                IntraForest = if ($null -eq $attributes) { $null } else { ([int] $attributes -band 32) -ne 0 }
            }
            $trusts.Add($row)
        }
        Add-Row -Class 'TrustList' -Row ([ordered]@{ Domain = $Info.Dns; Trusts = $trusts.ToArray() })
    }
}

function Read-Delegation {
    # The permissions of a domain, its organisational units and the containers that matter to the product.
    param([hashtable] $Info)
    $class = 'ActiveDirectorySecurity'
    Invoke-Work -Class $class -Target $Info.Dns -Tags @{ Domain = $Info.Dns; Secures = 'directory' } -Read {
        $escaped = Get-Escaped -Text $Info.Name
        $filter = '(|(objectClass=domainDNS)(objectClass=organizationalUnit)(distinguishedName=CN=System Management,CN=System,{0})(distinguishedName=CN=Computers,{0})(distinguishedName=CN=Users,{0}))' -f $escaped
        $found = @(Find-Directory -Info $Info -Base $Info.Name -Filter $filter -Properties 'distinguishedName', 'nTSecurityDescriptor' -Security)
        Add-Class -Class $class
        foreach ($place in $found) {
            $name = "$(Get-First -Result $place -Name 'distinguishedName')"
            try {
                $bytes = Get-First -Result $place -Name 'nTSecurityDescriptor'
                if ($null -eq $bytes) { throw 'the security descriptor may not be read' }
                Add-Row -Class $class -Row ([ordered]@{ Domain = $Info.Dns; Path = "AD:\$name"; Sddl = (ConvertTo-Sddl -Bytes $bytes) })
            }
            catch { Add-Failure -Class $class -Target $name -Reason $_ -Tags @{ Path = "AD:\$name"; Secures = 'directory' } }
        }
    }
}

# What is looked for in the rows: identifiers of domains, DOMAIN\name, name@domain.
$SidPattern = 'S-1-5-21(?:-\d{1,10}){4}'
$NamePattern = '["\\>;=]([A-Za-z0-9._-]{1,255})\\\\([^"\\/:*?<>|\[\];,=+]{1,64})(?=["\\<;|])'
$UpnPattern = '["\\>;]([^"\\/:*?<>|\[\];,=+@\s]{1,64})@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?=["\\<;])'

function Get-MentionedAccount {
    # The accounts that the rows so far name, and those of an earlier folder. As tables.
    $found = @{ Sids = @{}; Names = @{}; Upns = @{} }
    $texts = New-Object -TypeName 'System.Collections.Generic.List[object]'
    foreach ($class in @($Rows.Keys)) { $texts.Add(@{ Class = $class; Lines = $Rows[$class] }) }
    if ($Evidence) {
        $place = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Evidence)
        foreach ($file in [System.IO.Directory]::GetFiles($place, '*.json')) { $texts.Add(@{ Class = ''; Lines = @([System.IO.File]::ReadAllText($file)) }) }
    }
    foreach ($text in $texts) {
        foreach ($line in $text.Lines) {
            foreach ($match in [regex]::Matches($line, $SidPattern)) { $found.Sids[$match.Value] = $true }
            # A list of permissions names nobody otherwise.
            if ($text.Class -eq 'ActiveDirectorySecurity') { continue }
            # Windows PowerShell escapes these.
            $json = $line.Replace('\u003c', '<').Replace('\u003e', '>').Replace('\u0026', '&').Replace('\u0027', "'")
            foreach ($match in [regex]::Matches($json, $NamePattern)) { $found.Names[$match.Groups[1].Value + '\' + $match.Groups[2].Value] = $true }
            foreach ($match in [regex]::Matches($json, $UpnPattern)) { $found.Upns[$match.Groups[1].Value + '@' + $match.Groups[2].Value] = $true }
        }
    }
    return $found
}

$AccountProperties = 'sAMAccountName', 'distinguishedName', 'objectSid', 'objectClass', 'userAccountControl', 'pwdLastSet', 'profilePath', 'primaryGroupID', 'userPrincipalName', 'groupType', 'msDS-User-Account-Control-Computed'

function Add-Principal {
    # A user, computer or group of a domain, as a row. Gives what is needed to go on with a group. What may not be read
    # is not known, and never a value.
    param($Result, [hashtable] $Info)
    $sid = Get-ResultSid -Result $Result
    $classes = @(if ($Result.ContainsKey('objectClass')) { $Result['objectClass'] })
    $name = "$(Get-First -Result $Result -Name 'sAMAccountName')"
    $place = "$(Get-First -Result $Result -Name 'distinguishedName')"
    $kind = if ($classes.Count -gt 0) { "$($classes[-1])" } else { '' }
    $isGroup = $classes -contains 'group'
    $type = [int] (Get-First -Result $Result -Name 'groupType')
    $scope = ''
    if ($isGroup -and $type -ne 0) { $scope = if (($type -band 2) -ne 0) { 'Global' } elseif (($type -band 8) -ne 0) { 'Universal' } else { 'DomainLocal' } }
    $about = @{ Sid = $sid; Name = $name; Place = $place; Kind = $kind; IsGroup = $isGroup; Scope = $scope; Info = $Info }
    if ($sid -eq '' -or $name -eq '' -or $Info.Seen.ContainsKey($sid)) { return $about }
    $Info.Seen[$sid] = $true
    $Info.Names[$name] = $true
    if ($isGroup) {
        Add-Row -Class 'ADGroup' -Row ([ordered]@{
                SamAccountName = $name
                DistinguishedName = $place
                SID = $sid
                ObjectClass = $kind
                GroupScope = $scope
                GroupCategory = if ($type -lt 0) { 'Security' } elseif ($type -eq 0) { '' } else { 'Distribution' }
            })
        return $about
    }
    $control = Get-First -Result $Result -Name 'userAccountControl'
    $computed = Get-First -Result $Result -Name 'msDS-User-Account-Control-Computed'
    $set = Get-First -Result $Result -Name 'pwdLastSet'
    $primary = Get-First -Result $Result -Name 'primaryGroupID'
    $changed = $null
    if ($null -ne $set -and [long] $set -gt 0) { $changed = ConvertTo-Plain -Value ([datetime]::FromFileTimeUtc([long] $set)) }
    $row = [ordered]@{
        SamAccountName = $name
        DistinguishedName = $place
        SID = $sid
        ObjectClass = $kind
        Enabled = if ($null -eq $control) { $null } else { ([long] $control -band 2) -eq 0 }
        LockedOut = if ($null -eq $computed) { $null } else { ([long] $computed -band 16) -ne 0 }
        PasswordLastSet = $changed
        ProfilePath = "$(Get-First -Result $Result -Name 'profilePath')"
        PrimaryGroupID = if ($null -eq $primary) { $null } else { [int] $primary }
        UserPrincipalName = "$(Get-First -Result $Result -Name 'userPrincipalName')"
    }
    if ($row.UserPrincipalName -ne '') { $Info.Names[$row.UserPrincipalName] = $true }
    # Guest and krbtgt are in every domain and named by nobody: where they are listed, all accounts are.
    if ($sid -match '^S-1-5-21-.*-50[12]$') { $Info.Builtin.Add($row) } else { Add-Row -Class 'ADUser' -Row $row }
    return $about
}

function Read-Account {
    # All users and computers of a domain. Gives whether it is all of them; of a domain that is too large, none is kept.
    param([hashtable] $Info)
    $filter = '(|(&(objectCategory=person)(objectClass=user))(objectCategory=computer)(objectClass=msDS-ManagedServiceAccount)(objectClass=msDS-GroupManagedServiceAccount))'
    $tags = @{ Domain = $Info.Dns }
    try {
        $found = @(Find-Directory -Info $Info -Base $Info.Name -Filter $filter -Properties $AccountProperties | Select-Object -First ($MaxAccounts + 1))
        if ($found.Count -gt $MaxAccounts) { throw "the domain has more than $MaxAccounts accounts: only those are read that are named elsewhere; -MaxAccounts sets how many are listed" }
    }
    catch {
        Add-Failure -Class 'ADUser' -Target $Info.Dns -Reason $_ -Tags $tags
        return $false
    }
    foreach ($result in $found) { $null = Add-Principal -Result $result -Info $Info }
    return $true
}

function Get-LookupFilter {
    # The parts of a filter that find what is named and was not listed.
    param([hashtable] $Info, [hashtable] $Mentioned, [string[]] $Known)
    # Those that give power over the domain, its objects or its controllers, whoever is named.
    $sids = @('S-1-5-32-544', 'S-1-5-32-548', 'S-1-5-32-549', 'S-1-5-32-550', 'S-1-5-32-551', 'S-1-5-32-562', "$($Info.Sid)-512", "$($Info.Sid)-518", "$($Info.Sid)-519")
    $sids += @($Mentioned.Sids.Keys | Where-Object { $_.StartsWith("$($Info.Sid)-") } | Sort-Object)
    foreach ($sid in @($sids | Select-Object -Unique)) { if (-not $Info.Seen.ContainsKey($sid)) { "(objectSid=$sid)" } }
    foreach ($name in @($Mentioned.Names.Keys | Sort-Object)) {
        $prefix, $account = $name -split '\\', 2
        if ($prefix -ne $Info.Short -and $prefix -ne $Info.Dns) { continue }
        if (-not $Info.Names.ContainsKey($account)) { "(sAMAccountName=$(Get-Escaped -Text $account))" }
    }
    foreach ($upn in @($Mentioned.Upns.Keys | Sort-Object)) {
        if ($Info.Names.ContainsKey($upn)) { continue }
        $account, $suffix = $upn -split '@', 2
        $escaped = Get-Escaped -Text $upn
        # The suffix is the domain's own name, or one that any domain of the forest may use.
        if ($suffix -eq $Info.Dns) {
            if (-not $Info.Names.ContainsKey($account)) { "(sAMAccountName=$(Get-Escaped -Text $account))" }
            "(userPrincipalName=$escaped)"
        }
        elseif ($Known -notcontains $suffix) { "(userPrincipalName=$escaped)" }
    }
}

function Read-Named {
    # What is named and was not listed: accounts, and the groups, which go into the queue. Gives whether all was found
    # out.
    param([hashtable] $Info, [hashtable] $Mentioned, [string[]] $Known, [System.Collections.Generic.Queue[object]] $Queue)
    $whole = $true
    $parts = @(Get-LookupFilter -Info $Info -Mentioned $Mentioned -Known $Known)
    for ($at = 0; $at -lt $parts.Count; $at += 50) {
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $Info.Dns -CurrentOperation 'accounts' -PercentComplete (100 * $at / $parts.Count)
        $some = $parts[$at..([math]::Min($at + 49, $parts.Count - 1))] -join ''
        try {
            foreach ($result in @(Find-Directory -Info $Info -Base $Info.Name -Filter "(|$some)" -Properties $AccountProperties)) {
                $about = Add-Principal -Result $result -Info $Info
                if ($about.IsGroup) { $Queue.Enqueue($about) }
            }
        }
        catch {
            $whole = $false
            Add-Failure -Class 'ADUser', 'ADGroup', 'ADGroupMembers' -Target $Info.Dns -Reason $_ -Tags @{ Domain = $Info.Dns }
        }
    }
    return $whole
}

function Get-MemberName {
    # The distinguished names of the members of a group, read in portions.
    param([hashtable] $Group)
    $names = New-Object -TypeName 'System.Collections.Generic.List[string]'
    do {
        $last = $true
        $from = $names.Count
        $to = if ($MaxValRange -gt 0) { "$($from + $MaxValRange - 1)" } else { '*' }
        foreach ($result in @(Find-Directory -Info $Group.Info -Base $Group.Place -Filter '(objectClass=*)' -Scope 'Base' -Properties "member;range=$from-$to")) {
            foreach ($key in @($result.Keys)) {
                if ($key -notlike 'member;range=*') { continue }
                foreach ($value in $result[$key]) { $names.Add("$value") }
                $last = $key.EndsWith('-*')
            }
        }
        if ($names.Count -gt $MaxMembers) { throw "the group has more than $MaxMembers members; -MaxMembers sets how many are read" }
    } until ($last -or $names.Count -eq $from)
    return $names.ToArray()
}

function Get-MemberResult {
    # The members of a group that are found: those of its own domain by what links them to it, the others by name, each
    # in its domain; and those whose primary group it is, which are not listed as members. Then the names of the rest.
    param([hashtable] $Group, [System.Collections.IDictionary] $Domains)
    $open = [ordered]@{}
    foreach ($name in @(Get-MemberName -Group $Group)) { $open[$name] = $true }
    if ($open.Count -gt 0) {
        foreach ($result in @(Find-Directory -Info $Group.Info -Base $Group.Info.Name -Filter "(memberOf=$(Get-Escaped -Text $Group.Place))" -Properties $AccountProperties)) {
            $open.Remove("$(Get-First -Result $result -Name 'distinguishedName')")
            @{ Result = $result; Info = $Group.Info }
        }
    }
    foreach ($dns in @($open.Keys | ForEach-Object { ConvertTo-DnsName -Name $_ } | Sort-Object -Unique)) {
        if (-not $Domains.Contains($dns)) { continue }
        $names = @($open.Keys | Where-Object { (ConvertTo-DnsName -Name $_) -eq $dns })
        for ($at = 0; $at -lt $names.Count; $at += 50) {
            $some = @($names[$at..([math]::Min($at + 49, $names.Count - 1))] | ForEach-Object { "(distinguishedName=$(Get-Escaped -Text $_))" }) -join ''
            try { $found = @(Find-Directory -Info $Domains[$dns] -Base $Domains[$dns].Name -Filter "(|$some)" -Properties $AccountProperties) }
            catch {
                Write-Verbose -Message "${dns}: $(Get-Reason -Problem $_)"
                continue
            }
            foreach ($result in $found) {
                $open.Remove("$(Get-First -Result $result -Name 'distinguishedName')")
                @{ Result = $result; Info = $Domains[$dns] }
            }
        }
    }
    # The usual ones have thousands.
    $rid = $Group.Sid.Substring($Group.Sid.LastIndexOf('-') + 1)
    if ($Group.Sid.StartsWith('S-1-5-21-') -and 'Global', 'Universal' -contains $Group.Scope) {
        foreach ($result in @(Find-Directory -Info $Group.Info -Base $Group.Info.Name -Filter "(primaryGroupID=$rid)" -Properties $AccountProperties)) { @{ Result = $result; Info = $Group.Info } }
    }
    foreach ($name in @($open.Keys)) { @{ Result = $null; Name = $name } }
}

function Read-Member {
    # The members of a group as a row. Gives those that are groups of a domain that is read. A member of which nothing
    # can be told is a failure of this group, and the others are kept.
    param([hashtable] $Group, [System.Collections.IDictionary] $Domains)
    $short = if ($Group.Info.Short -ne '') { $Group.Info.Short } else { $Group.Info.Dns }
    $tags = [ordered]@{ Domain = $short; Group = $Group.Name; GroupSid = $Group.Sid }
    $target = "$short\$($Group.Name)"
    $members = New-Object -TypeName 'System.Collections.Generic.List[object]'
    $inner = New-Object -TypeName 'System.Collections.Generic.List[object]'
    try {
        foreach ($one in @(Get-MemberResult -Group $Group -Domains $Domains)) {
            if ($null -eq $one.Result) {
                $members.Add([ordered]@{ Name = $one.Name; SamAccountName = ''; SID = ''; ObjectClass = ''; DistinguishedName = $one.Name })
                Add-Failure -Class 'ADGroupMembers' -Target $target -Reason "the member $($one.Name) was not found, or is of a domain that is not read; -Domain names further ones" -Tags $tags
                continue
            }
            $about = Add-Principal -Result $one.Result -Info $one.Info
            $shown = $about.Place
            if ($about.Kind -eq 'foreignSecurityPrincipal') { $shown = if (Test-Windows) { Get-SidName -Sid $about.Sid } else { $about.Sid } }
            elseif ($about.Name -ne '') { $shown = "$(if ($one.Info.Short -ne '') { $one.Info.Short } else { $one.Info.Dns })\$($about.Name)" }
            # A contact has no account; of anything else it may not be read.
            if (($about.Name -eq '' -or $about.Sid -eq '') -and 'foreignSecurityPrincipal', 'contact' -notcontains $about.Kind) {
                Add-Failure -Class 'ADGroupMembers' -Target $target -Reason "name or identifier of the member $($about.Place) may not be read" -Tags $tags
            }
            $members.Add([ordered]@{ Name = $shown; SamAccountName = $about.Name; SID = $about.Sid; ObjectClass = $about.Kind; DistinguishedName = $about.Place })
            if ($about.IsGroup) { $inner.Add($about) }
        }
    }
    catch {
        Add-Failure -Class 'ADGroupMembers' -Target $target -Reason $_ -Tags $tags
        return
    }
    Add-Row -Class 'ADGroupMembers' -Row ([ordered]@{ Domain = $short; Group = $Group.Name; GroupSid = $Group.Sid; GroupScope = $Group.Scope; Members = $members.ToArray() })
    return $inner.ToArray()
}

function Read-Directory {
    # The domains: names, trusts, permissions, all accounts, the accounts that anything names, the members of the groups
    # among them and of the groups of administrators, with the groups in these.
    param([System.Collections.IDictionary] $Domains)
    if (-not (Test-Wanted -Class $DomainClasses)) { return }
    foreach ($info in @($Domains.Values)) {
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $info.Dns
        if (Test-Wanted -Class 'ADDomain') {
            Add-Row -Class 'ADDomain' -Row ([ordered]@{ NetBIOSName = $info.Short; DNSRoot = $info.Dns; DomainSID = $info.Sid; DistinguishedName = $info.Name })
        }
        Close-Work -Class 'ADDomain' -Target $info.Dns
        if (Test-Wanted -Class 'TrustList') { Read-Trust -Info $info }
        if (Test-Wanted -Class 'ActiveDirectorySecurity') { Read-Delegation -Info $info }
    }
    $classes = 'ADUser', 'ADGroup', 'ADGroupMembers'
    if ($Domains.Count -eq 0 -or -not (Test-Wanted -Class $classes)) { return }
    foreach ($class in $classes) { Add-Class -Class $class }
    $mentioned = Get-MentionedAccount
    $queue = New-Object -TypeName 'System.Collections.Generic.Queue[object]'
    foreach ($info in @($Domains.Values)) {
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $info.Dns -CurrentOperation 'all accounts'
        $listed = Read-Account -Info $info
        $found = Read-Named -Info $info -Mentioned $mentioned -Known @($Domains.Keys) -Queue $queue
        $info.Whole = $listed -and $found
    }
    $done = @{}
    while ($queue.Count -gt 0) {
        $group = $queue.Dequeue()
        # Everyone is in these; who is in them is known without a list.
        if ($group.Sid -match '^S-1-5-21-.*-51[345]$' -or $done.ContainsKey($group.Place)) { continue }
        $done[$group.Place] = $true
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $group.Info.Dns -CurrentOperation $group.Name
        foreach ($inner in @(Read-Member -Group $group -Domains $Domains)) { $queue.Enqueue($inner) }
    }
    foreach ($info in @($Domains.Values)) {
        # Last: these say that all accounts of the domain are here.
        if ($info.Whole) { foreach ($row in $info.Builtin) { Add-Row -Class 'ADUser' -Row $row } }
        Close-Work -Class $classes -Target $info.Dns
    }
    Write-Progress -Id 1 -Activity 'Active Directory' -Completed
}

function Close-Directory {
    foreach ($connection in @($Connections.Values)) { Close-Ldap -Connection $connection }
    $Connections.Clear()
}
