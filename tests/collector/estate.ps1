# Builds the simulated estate, $World and the static stores of the stand-in types, from the example exports of cmlint
# (examples/contoso): what is exported there is what the stand-ins answer. Call New-Estate, then change what a scenario
# needs.

$script:Forest = 'S-1-5-21-1004336348-1177238915-682003330'
$script:Machine = 'S-1-5-21-7-7-7'
$script:EmbeddedLists = @{ Props = 'SMS_EmbeddedProperty'; PropLists = 'SMS_EmbeddedPropertyList' }

function New-Cim {
    # An instance of a class from a dictionary; arrays of dictionaries become embedded instances.
    param([string] $Class, [System.Collections.IDictionary] $Values, [string[]] $Lazy = @(), [hashtable] $Embedded = @{})
    $instance = [Standin.CimInstance]::new($Class)
    # A plain table has no order that stays.
    foreach ($key in $(if ($Values -is [hashtable]) { @($Values.Keys | Sort-Object) } else { @($Values.Keys) })) {
        $value = $Values[$key]
        if ($Embedded.ContainsKey($key)) { $value = [Standin.CimInstance[]] @(foreach ($item in @($value)) { if ($null -ne $item) { New-Cim -Class $Embedded[$key] -Values $item -Embedded $Embedded } }) }
        elseif ($value -is [array] -and ($value.Count -eq 0 -or $value[0] -is [string])) { $value = [string[]] $value }
        $null = $instance.Set($key, $value)
    }
    $instance.Lazy = $Lazy
    return $instance
}

function ConvertTo-Cim {
    # An imported CIM instance (Import-Clixml) as a stand-in.
    param($Object)
    $instance = [Standin.CimInstance]::new(("$($Object.PSObject.TypeNames[0])" -split '/')[-1])
    foreach ($property in $Object.PSObject.Properties) {
        if ($property.Name -eq 'PSComputerName') { continue }
        $value = $property.Value
        # Lists stay lists, also those of one.
        if ($value -is [System.Collections.IList] -and $EmbeddedLists.Contains($property.Name)) { $value = [Standin.CimInstance[]] @($value | ForEach-Object { ConvertTo-Cim $_ }) }
        elseif ($value -is [System.Collections.IList]) { $value = [string[]] @($value) }
        $null = $instance.Set($property.Name, $value)
    }
    return $instance
}

function Read-Example {
    param([string] $File)
    return ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText([System.IO.Path]::Combine($EstateFolder, $File))) -AsHashtable
}

function Add-Cim {
    # Instances of a class on a computer, or that there are none of it.
    param([string] $Computer = 'cas1.contoso.com', [string] $Namespace = 'root\sms\site_CAS', [string] $Class, $Instance)
    $space = "$(Get-StandinShort $Computer)|$Namespace"
    if (-not $World.Cim.Contains($space)) { $World.Cim[$space] = @{} }
    if (-not $World.Cim[$space].Contains($Class)) { $World.Cim[$space][$Class] = [System.Collections.Generic.List[object]]::new() }
    foreach ($one in @($Instance)) { if ($null -ne $one) { $World.Cim[$space][$Class].Add($one) } }
}

function Add-AdUser {
    param([Standin.AdDomain] $Domain, [string] $Name, [string] $Sid, [string] $Dn, [string] $Kind = 'user', [bool] $Enabled = $true, $PasswordSet, [string] $Profile, [int] $Primary = 513, [string] $Upn)
    $object = $Domain.Add($Dn)
    $computer = $Kind -eq 'computer'
    $null = $object.SetMany('objectClass', $(if ($computer) { 'top', 'person', 'organizationalPerson', 'user', 'computer' } else { 'top', 'person', 'organizationalPerson', 'user' }))
    $null = $object.Set('objectCategory', $(if ($computer) { 'computer' } else { 'person' })).Set('sAMAccountName', $Name).SetBytes('objectSid', [Standin.SecurityIdentifier]::Bytes($Sid))
    $control = $(if ($computer) { 4096 } else { 512 }) + $(if ($Enabled) { 0 } else { 2 })
    $null = $object.Set('userAccountControl', [int] $control).Set('primaryGroupID', [int] $Primary).Set('msDS-User-Account-Control-Computed', [int] 0)
    if ($PasswordSet) { $null = $object.Set('pwdLastSet', [long] ([datetime] $PasswordSet).ToFileTimeUtc()) }
    if ($Profile) { $null = $object.Set('profilePath', $Profile) }
    if ($Upn) { $null = $object.Set('userPrincipalName', $Upn) }
    [Standin.SecurityIdentifier]::Names[$Sid] = "$($Domain.NetBios)\$Name"
    return $object
}

function Add-AdGroup {
    param([Standin.AdDomain] $Domain, [string] $Name, [string] $Sid, [string] $Dn, [string] $Scope = 'Global', [string[]] $Members = @())
    $type = switch ($Scope) { 'Global' { 2 } 'Universal' { 8 } default { 4 } }
    $object = $Domain.Add($Dn)
    $null = $object.SetMany('objectClass', ('top', 'group')).Set('objectCategory', 'group').Set('sAMAccountName', $Name).SetBytes('objectSid', [Standin.SecurityIdentifier]::Bytes($Sid)).Set('groupType', [int] ($type - 2147483648))
    if ($Members.Count -gt 0) { $null = $object.SetMany('member', $Members) }
    [Standin.SecurityIdentifier]::Names[$Sid] = if ($Sid -like 'S-1-5-21-*') { "$($Domain.NetBios)\$Name" } else { "BUILTIN\$Name" }
    return $object
}

function New-AdDomain {
    param([string] $Dns, [string] $NetBios, [string] $Sid, [string] $Controller, [switch] $InForest)
    $domain = [Standin.AdDomain]::new()
    $domain.Dns = $Dns; $domain.Dn = ($Dns -split '\.' | ForEach-Object { "DC=$_" }) -join ','; $domain.Sid = $Sid; $domain.NetBios = $NetBios; $domain.Controller = $Controller
    [Standin.Ad]::Domains[$Dns] = $domain
    if ($InForest) { [Standin.Ad]::ForestDomains.Add($Dns) }
    $dn = $domain.Dn
    $root = if ($InForest) { [Standin.Ad]::Domains[[Standin.Ad]::ForestDomains[0]].Dn } else { $dn }
    $sddl = [Standin.RawSecurityDescriptor]::Bytes('O:DAG:DAD:AI(A;;GA;;;SY)(A;;GA;;;DA)(A;;GR;;;AU)')
    $server = "CN=$($Controller.Split('.')[0].ToUpperInvariant()),CN=Servers,CN=Site,CN=Sites,CN=Configuration,$root"
    $null = $domain.Add($dn).SetMany('objectClass', ('top', 'domain', 'domainDNS')).SetBytes('objectSid', [Standin.SecurityIdentifier]::Bytes($Sid)).SetBytes('nTSecurityDescriptor', $sddl).Set('fSMORoleOwner', "CN=NTDS Settings,$server")
    $null = $domain.Add($server).SetMany('objectClass', ('top', 'server')).Set('dNSHostName', $Controller)
    foreach ($container in 'CN=System', 'CN=Computers', 'CN=Users', 'CN=Builtin', 'CN=System Management,CN=System') { $null = $domain.Add("$container,$dn").SetMany('objectClass', ('top', 'container')).SetBytes('nTSecurityDescriptor', $sddl) }
    foreach ($unit in 'Service', 'Staff', 'Servers') { $null = $domain.Add("OU=$unit,$dn").SetMany('objectClass', ('top', 'organizationalUnit')).SetBytes('nTSecurityDescriptor', $sddl) }
    # The partitions of the forest, as each domain shows them.
    $place = "CN=Partitions,CN=Configuration,$root"
    $null = $domain.Add($place).SetMany('objectClass', [string[]] 'top')
    $null = $domain.Add("CN=$NetBios,$place").SetMany('objectClass', ('top', 'crossRef')).Set('nCName', $dn).Set('nETBIOSName', $NetBios).Set('dnsRoot', $Dns).Set('systemFlags', [int] 3)
    $null = Add-AdUser -Domain $domain -Name 'Guest' -Sid "$Sid-501" -Dn "CN=Guest,CN=Users,$dn" -Enabled $false -Primary 514
    $null = Add-AdGroup -Domain $domain -Name 'Domain Users' -Sid "$Sid-513" -Dn "CN=Domain Users,CN=Users,$dn"
    $null = Add-AdGroup -Domain $domain -Name 'Domain Computers' -Sid "$Sid-515" -Dn "CN=Domain Computers,CN=Users,$dn"
    return $domain
}

function Add-Computer {
    param([string] $Fqdn, [int] $Role = 3, [string[]] $Spaces = @())
    $short = Get-StandinShort $Fqdn
    $at = @{ Computer = $Fqdn; Namespace = 'root\cimv2' }
    Add-Cim @at -Class 'Win32_ComputerSystem' -Instance (New-Cim 'Win32_ComputerSystem' ([ordered]@{ Name = $short; DNSHostName = $short.ToLowerInvariant(); Domain = $Fqdn.Substring($Fqdn.IndexOf('.') + 1); PartOfDomain = $true; DomainRole = [uint16] $Role }))
    Add-Cim @at -Class 'Win32_UserAccount' -Instance (New-Cim 'Win32_UserAccount' ([ordered]@{ Name = 'Administrator'; SID = "$Machine-500"; LocalAccount = $true }))
    Add-Cim @at -Class 'Win32_Group'
    foreach ($name in @('CIMV2') + @(if ($Spaces.Count -gt 0) { 'SMS' })) { Add-Cim -Computer $Fqdn -Namespace 'root' -Class '__NAMESPACE' -Instance (New-Cim '__NAMESPACE' @{ Name = $name }) }
    foreach ($space in $Spaces) { Add-Cim -Computer $Fqdn -Namespace 'root\SMS' -Class '__NAMESPACE' -Instance (New-Cim '__NAMESPACE' @{ Name = $space }) }
    $World.Registry["$short|HKLM:\SOFTWARE\Microsoft\Ole"] = @{ MachineLaunchRestriction = [Standin.RawSecurityDescriptor]::Bytes('O:BAG:BAD:(A;;CCDCLCSWRP;;;BA)(A;;CCDCLCSWRP;;;CD)(A;;CCDCSW;;;WD)') }
    $World.Shares[$short] = @(
        @{ Name = 'ADMIN$'; ScopeName = '*'; Path = 'C:\Windows'; Description = 'Remote Admin'; Special = $true },
        @{ Name = 'C$'; ScopeName = '*'; Path = 'C:\'; Description = 'Default share'; Special = $true })
    $World.Secedit[$short] = New-Template 'SeServiceLogonRight = *S-1-5-80-0'
}

function New-Template {
    param([string[]] $Lines)
    return "[Unicode]`r`nUnicode=yes`r`n[Privilege Rights]`r`n" + ($Lines -join "`r`n") + "`r`n[Version]`r`nsignature=`"`$CHICAGO$`"`r`nRevision=1`r`n"
}

function Add-LocalGroup {
    param([string] $Fqdn, [string] $Name, [string] $Sid, [object[]] $Members = @())
    Add-Cim -Computer $Fqdn -Namespace 'root\cimv2' -Class 'Win32_Group' -Instance (New-Cim 'Win32_Group' ([ordered]@{ Name = $Name; SID = $Sid; LocalAccount = $true; Description = '' }))
    $list = [System.Collections.Generic.List[Standin.LocalMember]]::new()
    foreach ($member in $Members) { $list.Add([Standin.LocalMember]::new($member.Sid, $member.Class)) }
    [Standin.Ad]::Local["$(Get-StandinShort $Fqdn)|$Name"] = $list
}

function Add-Folder {
    param([string] $Fqdn, [string] $Path, [string] $Sddl = 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
    $key = "$(Get-StandinShort $Fqdn)|$Path"
    $null = [Standin.Directory]::Folders.Add($key)
    $World.Acl[$key] = @{ Owner = 'BUILTIN\Administrators'; Sddl = $Sddl }
}

function Add-Sequence {
    param([string] $Id, [string] $Name, [string] $Text, [datetime] $Changed = '2018-10-02T08:30:00Z')
    Add-Cim -Class 'SMS_TaskSequencePackage' -Instance (New-Cim 'SMS_TaskSequencePackage' ([ordered]@{ PackageID = $Id; Name = $Name; SourceSite = 'CAS'; LastRefreshTime = $Changed; PackageType = [uint32] 4; Sequence = $Text }) -Lazy 'Sequence')
}

function Add-ExampleSite {
    # What the SMS Provider answers.
    Add-Cim -Namespace 'root\sms' -Class 'SMS_ProviderLocation' -Instance (New-Cim 'SMS_ProviderLocation' ([ordered]@{ Machine = 'cas1.contoso.com'; NamespacePath = '\\cas1.contoso.com\root\sms\site_CAS'; ProviderForLocalSite = $true; SiteCode = 'CAS' }))
    foreach ($row in Read-Example 'sites.json') {
        $row.Remove('PSComputerName')
        foreach ($key in 'Type', 'BuildNumber', 'Status') { if ($row.Contains($key)) { $row[$key] = [uint32] $row[$key] } }
        Add-Cim -Class 'SMS_Site' -Instance (New-Cim 'SMS_Site' $row)
    }
    foreach ($one in @(@('CAS', 'cas1', 'sqlcas', 'CM_CAS', ''), @('P01', 'p01-srv', 'sql01', 'CM_P01', 'CAS'), @('P02', 'p02-srv', 'p02-srv', 'CM_P02', 'CAS'), @('S01', 's01-srv', 's01-srv', 'CONFIGMGRSEC\CM_S01', 'P01'))) {
        Add-Cim -Class 'SMS_SCI_SiteDefinition' -Instance (New-Cim 'SMS_SCI_SiteDefinition' ([ordered]@{ FileType = [uint32] 2; ItemName = 'Site Definition'; ItemType = 'Site Definition'; SiteCode = $one[0]; SiteServerName = "$($one[1]).contoso.com"; SQLServerName = "$($one[2]).contoso.com"; SQLDatabaseName = $one[3]; ParentSiteCode = $one[4]; Props = @(); PropLists = @() }) -Embedded $EmbeddedLists)
    }
    foreach ($row in (Read-Example 'accounts.json').value) {
        $plain = [ordered]@{}
        foreach ($key in $row.Keys) { if ($key -notmatch '^(@|__)') { $plain[$key] = $row[$key] } }
        Add-Cim -Class 'SMS_SCI_Reserved' -Instance (New-Cim 'SMS_SCI_Reserved' $plain -Embedded $EmbeddedLists)
    }
    foreach ($line in [System.IO.File]::ReadAllLines([System.IO.Path]::Combine($EstateFolder, 'package-access.ndjson'))) { if ($line.Trim() -ne '') { Add-Cim -Class 'SMS_PackageAccessByUsers' -Instance (New-Cim 'SMS_PackageAccessByUsers' (ConvertFrom-Json $line -AsHashtable)) } }
    foreach ($row in @(Read-Example 'migration-sources.json')) { Add-Cim -Class 'SMS_MigrationSiteMapping' -Instance (New-Cim 'SMS_MigrationSiteMapping' $row) }
    Add-Cim -Class 'SMS_MigrationSourceSite' -Instance (New-Cim 'SMS_MigrationSourceSite' @{ SiteCode = 'OLD'; Version = '5.00.7958.1000' })
    foreach ($file in 'site-systems.xml', 'components.xml', 'file-replication-routes.xml') {
        foreach ($object in @(Import-Clixml -LiteralPath ([System.IO.Path]::Combine($EstateFolder, $file)))) { $instance = ConvertTo-Cim $object; Add-Cim -Class $instance.CimSystemProperties.ClassName -Instance $instance }
    }
    foreach ($row in Read-Example 'administrative-users.json') {
        $row.Remove('SmsProviderObjectPath')
        if ($row['CreatedDate']) { $row['CreatedDate'] = ([datetime] $row['CreatedDate']).ToLocalTime() }
        Add-Cim -Class 'SMS_Admin' -Instance (New-Cim 'SMS_Admin' $row -Lazy 'Roles', 'Permissions' -Embedded @{ Permissions = 'SMS_APermission' })
    }
    $operations = @{ Operations = 'SMS_ARoleOperation' }
    foreach ($row in (Read-Example 'security-roles.json').value) { Add-Cim -Class 'SMS_Role' -Instance (New-Cim 'SMS_Role' $row -Lazy 'Operations' -Embedded $operations) }
    Add-Cim -Class 'SMS_Role' -Instance (New-Cim 'SMS_Role' ([ordered]@{ RoleID = 'CAS00001'; CopiedFromID = 'SMS0003R'; RoleName = 'Floor support'; IsBuiltIn = $false; Operations = @(@{ GrantedOperations = [uint32] 4129; ObjectTypeID = [uint32] 1 }) }) -Lazy 'Operations' -Embedded $operations)
    foreach ($row in Read-Example 'client-settings.json') {
        # The default settings are no instance of this class: the client component holds them.
        if ($row.SmsProviderObjectPath -match 'ID=0$') { continue }
        $row.Remove('SmsProviderObjectPath')
        foreach ($agent in $row.AgentConfigurations) { $agent.Remove('SmsProviderObjectPath') }
        Add-Cim -Class 'SMS_ClientSettings' -Instance (New-Cim 'SMS_ClientSettings' $row -Lazy 'AgentConfigurations' -Embedded @{ AgentConfigurations = 'SMS_RemoteToolsAgentConfig' })
    }
    Add-Cim -Class 'SMS_SCI_ClientComp' -Instance (New-Cim 'SMS_SCI_ClientComp' ([ordered]@{ ClientComponentName = 'Remote Control'; FileType = [uint32] 2; Flags = [uint32] 1; ItemName = 'Remote Control'; ItemType = 'Client Component'; SiteCode = 'CAS'
                Props = @(@{ PropertyName = 'Enabled'; Value = [uint32] 1; Value1 = ''; Value2 = '' }); PropLists = @(@{ PropertyListName = 'Permitted Viewers'; Values = @('CONTOSO\Helpdesk', 'CONTOSO\Floor support', 'Everyone') }) }) -Embedded $EmbeddedLists)
    Add-Cim -Class 'SMS_CollectionSettings' -Instance (New-Cim 'SMS_CollectionSettings' ([ordered]@{ CollectionID = 'CAS00017'; CollectionVariables = @(@{ Name = 'Ring'; Value = 'two'; IsMasked = $false }) }) -Lazy 'CollectionVariables' -Embedded @{ CollectionVariables = 'SMS_CollectionVariable' })
    foreach ($row in Read-Example 'forests.json') { Add-Cim -Class 'SMS_ADForest' -Instance (New-Cim 'SMS_ADForest' $row) }
    foreach ($row in (Read-Example 'forest-status.json').value) { Add-Cim -Class 'SMS_ADForestDiscoveryStatus' -Instance (New-Cim 'SMS_ADForestDiscoveryStatus' $row) }
    # The default settings have no agents in this class.
    Add-Cim -Class 'SMS_ClientSettingsDefault' -Instance (New-Cim 'SMS_ClientSettingsDefault' ([ordered]@{ Name = 'Default Client Agent Settings'; SettingsID = [uint32] 0; AgentConfigurations = @() }) -Embedded @{ AgentConfigurations = 'SMS_RemoteToolsAgentConfig' })
    foreach ($row in Read-Example 'devices.json') { Add-Cim -Class 'SMS_R_System' -Instance (New-Cim 'SMS_R_System' $row) }
    Add-Cim -Class 'SMS_StatMsgInsStrings' -Instance (New-Cim 'SMS_StatMsgInsStrings' ([ordered]@{ RecordID = [uint64] 72057594037928001; InsStrIndex = [uint32] 1; InsStrValue = 'CONTOSO\svc-naa' }))
    Add-Cim -Class 'SMS_StatusMessage' -Instance (New-Cim 'SMS_StatusMessage' ([ordered]@{ RecordID = [uint64] 72057594037928001; MessageType = [uint32] 768; Time = ([datetime] '2018-09-01T08:00:00Z').ToLocalTime() }))
    Add-Cim -Class 'SMS_PackageStatusDistPointsSummarizer' -Instance (New-Cim 'SMS_PackageStatusDistPointsSummarizer' ([ordered]@{ PackageID = 'CAS00021'; PackageType = [uint32] 0; ServerNALPath = '["Display=\\dp01.contoso.com\"]MSWNET:["SMS_SITE=P01"]\\dp01.contoso.com\'; LastCopied = ([datetime] '2018-09-05T12:00:00Z').ToLocalTime() }))
    Add-Cim -Class 'SMS_RcmSqlControl' -Instance (New-Cim 'SMS_RcmSqlControl' ([ordered]@{ SiteCode = 'P01'; Props = @(@{ PropertyName = 'DviewForHINV'; Value = [uint32] 1; Value1 = ''; Value2 = '' }) }) -Lazy 'Props' -Embedded @{ Props = 'SMS_EmbeddedProperty' })
}

function Add-ExampleSequence {
    $folder = [System.IO.Path]::Combine($EstateFolder, 'task-sequences')
    $number = 50
    foreach ($file in 'Build and capture.xml', 'ts.xml') {
        $text = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($folder, $file)) -replace '(?s)^.*?(?=<sequence)', ''
        Add-Sequence -Id ('CAS{0:d5}' -f $number++) -Name ($file -replace '\.xml$', '') -Text $text
    }
    $zip = [System.IO.Compression.ZipFile]::OpenRead([System.IO.Path]::Combine($folder, 'Deploy Windows 10.zip'))
    try {
        $entry = $zip.Entries | Where-Object { $_.FullName -like '*/object.xml' } | Select-Object -First 1
        $reader = [System.IO.StreamReader]::new($entry.Open())
        $text = $reader.ReadToEnd()
        $reader.Dispose()
        if ($text -match '(?s)<!\[CDATA\[(.*?)\]\]>') { Add-Sequence -Id 'CAS00040' -Name 'Deploy Windows 10' -Text $Matches[1] -Changed '2018-10-03T10:15:00Z' }
    }
    finally { $zip.Dispose() }
    foreach ($row in Read-Example 'task-sequences/refresh.json') { Add-Sequence -Id $row.PackageID -Name $row.Name -Text $row.Sequence }
}

function Add-ExampleDirectory {
    $domain = New-AdDomain -Dns 'contoso.com' -NetBios 'CONTOSO' -Sid $Forest -Controller 'dc1.contoso.com' -InForest
    foreach ($row in Read-Example 'beside/directory.json') {
        $null = Add-AdUser -Domain $domain -Name $row.SamAccountName -Sid $row.SID.Value -Dn $row.DistinguishedName -Kind $row.ObjectClass -Enabled $row.Enabled -PasswordSet $row['PasswordLastSet'] -Profile "$($row['ProfilePath'])" -Primary $row.PrimaryGroupID -Upn "$($row['UserPrincipalName'])"
    }
    foreach ($row in @(Read-Example 'beside/domain-groups.json')) {
        # Where the example has a member by another name than the account, the account's own place is taken.
        $members = [string[]] @(foreach ($member in @($row.Members | Where-Object { $_ })) {
                $known = $domain.Objects | Where-Object { $_.SidText -eq $member.SID.Value } | Select-Object -First 1
                if ($known) { $known.Dn } else { $member.DistinguishedName }
            })
        $place = if ($row.GroupSid -like 'S-1-5-32-*') { 'CN=Builtin' } elseif ($row.GroupSid -match '-5\d\d$') { 'CN=Users' } else { 'OU=Staff' }
        $null = Add-AdGroup -Domain $domain -Name $row.Group -Sid $row.GroupSid -Dn "CN=$($row.Group),$place,$($domain.Dn)" -Scope $row.GroupScope -Members $members
    }
    $null = Add-AdGroup -Domain $domain -Name 'Administrators' -Sid 'S-1-5-32-544' -Dn "CN=Administrators,CN=Builtin,$($domain.Dn)" -Scope 'DomainLocal' -Members "CN=Domain Admins,CN=Users,$($domain.Dn)", "CN=Administrator,OU=Service,$($domain.Dn)"
    $null = $domain.Add("CN=fabrikam.com,CN=System,$($domain.Dn)").SetMany('objectClass', ('top', 'leaf', 'trustedDomain')).Set('cn', 'fabrikam.com').Set('trustPartner', 'fabrikam.com').Set('flatName', 'FABRIKAM').Set('trustDirection', [int] 3).Set('trustType', [int] 2).Set('trustAttributes', [int] 8)
}

function Add-ExampleComputer {
    foreach ($row in Read-Example 'beside/computers.json') {
        $spaces = switch (Get-StandinShort $row.Computer) { 'CAS1' { , @('site_CAS') } 'P01-SRV' { , @('site_P01') } 'P02-SRV' { , @('site_P02') } default { , @() } }
        Add-Computer -Fqdn $row.Computer -Role $row.DomainRole -Spaces $spaces
    }
    if (-not $World.Cim.Contains('DC1|root\cimv2')) { Add-Computer -Fqdn 'dc1.contoso.com' -Role 5 }
    foreach ($row in Read-Example 'beside/LocalGroupMembers.json') {
        $members = @($row.Members | Where-Object { $_ })
        foreach ($member in $members) { if (-not [Standin.SecurityIdentifier]::Names.ContainsKey($member.SID.Value)) { [Standin.SecurityIdentifier]::Names[$member.SID.Value] = $member.Name } }
        Add-LocalGroup -Fqdn $row.Computer -Name $row.Group -Sid $row.GroupSid -Members @($members | ForEach-Object { @{ Sid = $_.SID.Value; Class = $_.ObjectClass } })
    }
    $rights = @{}
    foreach ($row in (Read-Example 'beside/UserRightsAssignment.json').UserRightsAssignment) {
        $short = Get-StandinShort $row.Computer
        $rights[$short] = @($rights[$short]) + ("$($row.Right) = " + (@($row.Members | ForEach-Object { "*$_" }) -join ','))
        foreach ($trustee in @($row.Trustees)) { if ($trustee.Contains('Sid') -and -not [Standin.SecurityIdentifier]::Names.ContainsKey($trustee.Sid)) { [Standin.SecurityIdentifier]::Names[$trustee.Sid] = $trustee.Name } }
    }
    foreach ($short in $rights.Keys) { $World.Secedit[$short] = New-Template $rights[$short] }
    foreach ($one in @(@('cas1', 'C:\Program Files\Microsoft Configuration Manager', 'CAS'), @('p01-srv', 'C:\Program Files\Microsoft Configuration Manager', 'P01'), @('p02-srv', 'D:\ConfigMgr', 'P02'))) {
        $fqdn = "$($one[0]).contoso.com"
        $short = Get-StandinShort $fqdn
        $World.Registry["$short|HKLM:\SOFTWARE\Microsoft\SMS\Identification"] = @{ 'Installation Directory' = $one[1]; 'Site Server' = $fqdn }
        foreach ($folder in '', '\inboxes', '\inboxes\auth', '\inboxes\auth\ddm.box', '\inboxes\despoolr.box', '\inboxes\despoolr.box\receive', '\OSD', '\OSD\boot', '\sinv.box') { Add-Folder -Fqdn $fqdn -Path "$($one[1])$folder" }
        $World.Shares[$short] += @{ Name = "SMS_$($one[2])"; ScopeName = '*'; Path = $one[1]; Description = "SMS Site $($one[2])"; Special = $false }
        $World.ShareAccess["$short|SMS_$($one[2])"] = @(@{ AccountName = 'BUILTIN\Administrators'; AccessControlType = 'Allow'; AccessRight = 'Full' }, @{ AccountName = "$short\SMS Admins"; AccessControlType = 'Allow'; AccessRight = 'Full' })
    }
    foreach ($path in '\\fs1\images$', '\\fs1\drivers$', '\\fs1\tools$', '\\fs1\logs$') { $World.Acl[$path] = @{ Owner = 'BUILTIN\Administrators'; Sddl = 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;AU)' } }
}

function Add-ExampleDatabase {
    [Standin.Sql]::Columns['SqlPrincipal'] = 'Database', 'Principal', 'Type', 'Login', 'Disabled', 'Sid'
    [Standin.Sql]::Columns['SqlRoleMember'] = 'Database', 'Role', 'Member', 'Login'
    [Standin.Sql]::Columns['SqlPermission'] = 'Database', 'Principal', 'Login', 'Permission', 'State', 'Scope', 'Object'
    [Standin.Sql]::Columns['HasPerms'] = 'Server', 'Security', 'Database'
    foreach ($one in @(@('sqlcas.contoso.com', 'CM_CAS'), @('sql01.contoso.com', 'CM_P01'), @('p02-srv.contoso.com', 'CM_P02'), @('s01-srv.contoso.com\CONFIGMGRSEC', 'CM_S01'))) {
        $key = $one -join '|'
        foreach ($login in @('sa', 'SQL_LOGIN'), @('sysadmin', 'SERVER_ROLE'), @('securityadmin', 'SERVER_ROLE'), @('CONTOSO\CAS1$', 'WINDOWS_LOGIN'), @('CONTOSO\svc-mcast', 'WINDOWS_LOGIN'), @('CONTOSO\svc-reports', 'WINDOWS_LOGIN')) { [Standin.Sql]::Add("$key|SqlPrincipal", @('', $login[0], $login[1], $login[0], $false, '0x01')) }
        foreach ($user in @('dbo', 'SQL_USER', 'sa'), @('CONTOSO\svc-mcast', 'WINDOWS_USER', 'CONTOSO\svc-mcast')) { [Standin.Sql]::Add("$key|SqlPrincipal", @($one[1], $user[0], $user[1], $user[2], [int] 0, $null)) }
        [Standin.Sql]::Add("$key|SqlRoleMember", @('', 'sysadmin', 'sa', 'sa'))
        [Standin.Sql]::Add("$key|SqlRoleMember", @('', 'sysadmin', 'CONTOSO\svc-mcast', 'CONTOSO\svc-mcast'))
        [Standin.Sql]::Add("$key|SqlRoleMember", @($one[1], 'smsdbrole_MCS', 'CONTOSO\svc-mcast', 'CONTOSO\svc-mcast'))
        [Standin.Sql]::Add("$key|SqlPermission", @('', 'sa', 'sa', 'CONNECT SQL', 'GRANT', 'SERVER', ''))
        [Standin.Sql]::Add("$key|SqlPermission", @($one[1], 'CONTOSO\svc-mcast', 'CONTOSO\svc-mcast', 'CONNECT', 'GRANT', 'DATABASE', ''))
        [Standin.Sql]::Add("$key|HasPerms", @([int] 1, [int] 0, [int] 1))
    }
}

function New-Estate {
    param([string] $Folder)
    $script:EstateFolder = $Folder
    [Standin.Ad]::Reset(); [Standin.Sql]::Reset(); [Standin.WindowsIdentity]::Reset(); [Standin.Directory]::Folders.Clear(); [Standin.SecurityIdentifier]::Names.Clear()
    $global:World = @{
        Cim = @{}; Faults = @(); Acl = @{}; Shares = @{}; ShareAccess = @{}; Registry = @{}; Secedit = @{}; Secured = @{}; Templates = @(); Jobs = 0; Clock = 0
        HostState = $null; StandinText = $StandinText; NamespaceSddl = 'O:BAG:BAD:(A;CI;CCDCLCSWRPWPRCWD;;;BA)(A;CI;CCDCRP;;;NS)'
    }
    Add-ExampleSite
    Add-ExampleSequence
    Add-ExampleDirectory
    Add-ExampleComputer
    Add-ExampleDatabase
    [Standin.Calls]::Clear()
}
