# Stand-ins for the cmdlets that printed lines call and the collector does not: those of the console of Configuration
# Manager, of Active Directory, of local accounts. Dot-source them after cmdlets.ps1. They answer from the same $World.
# A fault: @{ Match = pattern for HOST|line|cmdlet|what it is asked for; Message = ... }.

$CimOfSession = ${function:Get-CimInstance}
$SharesHere = ${function:Get-SmbShare}
$SharesAccessHere = ${function:Get-SmbShareAccess}
$Remoting = ${function:Invoke-Command}

function Assert-Line {
    # Fails as a cmdlet does that may go on.
    param($Cmdlet, [string] $Name, [string] $What = '')
    $fault = Get-StandinFault "$(Get-StandinShort $env:COMPUTERNAME)|line|$Name|$What"
    if ($null -ne $fault) { $Cmdlet.WriteError((New-StandinError $fault.Message)) }
    return $null -eq $fault
}

function ConvertTo-Shown {
    # An instance as an object with a property for each of its own.
    param($Instance)
    $row = [ordered]@{}
    foreach ($property in $Instance.CimInstanceProperties) {
        $value = $property.Value
        if ($value -is [Standin.CimInstance[]]) { $value = [object[]] @($value | ForEach-Object { ConvertTo-Shown $_ }) }
        $row[$property.Name] = $value
    }
    return [pscustomobject] $row
}

function Get-CimInstance {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $ClassName, [string] $ComputerName, [string] $Namespace = 'root\cimv2')
    $before = $env:COMPUTERNAME
    if ($ComputerName) { $env:COMPUTERNAME = Get-StandinShort $ComputerName }
    try { foreach ($one in @(& $CimOfSession -ClassName $ClassName -Namespace $Namespace)) { ConvertTo-Shown $one } }
    finally { $env:COMPUTERNAME = $before }
}

function Invoke-CimMethod {
    # The descriptor of a name space, as an instance.
    [CmdletBinding()] param([string] $ComputerName, [string] $Namespace, [string] $ClassName, [string] $MethodName)
    if (-not (Assert-Line $PSCmdlet 'Invoke-CimMethod' $Namespace)) { return }
    $bits = @{ CC = 0x1; DC = 0x2; LC = 0x4; SW = 0x8; RP = 0x10; WP = 0x20; RC = 0x20000; WD = 0x40000 }
    $sids = @{ BA = 'S-1-5-32-544'; NS = 'S-1-5-20' }
    $entries = foreach ($one in [regex]::Matches($World.NamespaceSddl, '\((A|D);(\w*);(\w+);;;([^)]+)\)')) {
        $mask = 0
        foreach ($pair in [regex]::Matches($one.Groups[3].Value, '..')) { $mask = $mask -bor $bits[$pair.Value] }
        $sid = if ($sids.Contains($one.Groups[4].Value)) { $sids[$one.Groups[4].Value] } else { $one.Groups[4].Value }
        [pscustomobject]@{ AccessMask = [uint32] $mask; AceFlags = [uint32] $(if ($one.Groups[2].Value -match 'CI') { 2 } else { 0 }); AceType = [uint32] $(if ($one.Groups[1].Value -eq 'A') { 0 } else { 1 }); Trustee = [pscustomobject]@{ Domain = $null; Name = $null; SIDString = $sid } }
    }
    [pscustomobject]@{ ReturnValue = [uint32] 0; Descriptor = [pscustomobject]@{ ControlFlags = [uint32] 32772; DACL = @($entries); SACL = $null } }
}

# --- the console

function Get-PSDrive {
    [CmdletBinding()] param([string] $PSProvider)
    if ($PSProvider -ne 'CMSite') { return Microsoft.PowerShell.Management\Get-PSDrive @PSBoundParameters }
    [pscustomobject]@{ Name = 'CAS'; Root = 'cas1.contoso.com'; Provider = 'CMSite' }
}

function Get-StandinConsole {
    # The objects of a class as the console's cmdlets give them: what is lazy comes with Get().
    param($Cmdlet, [string] $Name, [string] $Class)
    if (-not (Assert-Line $Cmdlet $Name)) { return }
    foreach ($instance in @($World.Cim['CAS1|root\sms\site_CAS'][$Class])) {
        if ($null -eq $instance) { continue }
        $whole = ConvertTo-Shown $instance.Fetched()
        $shown = ConvertTo-Shown $instance.Listed($null)
        # The lists a second time, as dictionaries.
        $shown | Add-Member -NotePropertyName SmsProviderObjectPath -NotePropertyValue "$Class.ID=1"
        $shown | Add-Member -MemberType ScriptMethod -Name Get -Value { foreach ($p in $whole.PSObject.Properties) { $this.($p.Name) = $p.Value } }.GetNewClosure()
        $shown
    }
}

function Get-CMSite { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMSite' 'SMS_Site' }
function Get-CMSiteSystemServer { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMSiteSystemServer' 'SMS_SCI_SysResUse' | Where-Object { $_.RoleName -eq 'SMS Site System' } }
function Get-CMAccount { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMAccount' 'SMS_SCI_Reserved' }
function Get-CMActiveDirectoryForest { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMActiveDirectoryForest' 'SMS_ADForest' }
function Get-CMAdministrativeUser { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMAdministrativeUser' 'SMS_Admin' }
function Get-CMSecurityRole { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMSecurityRole' 'SMS_Role' }
function Get-CMTaskSequence { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMTaskSequence' 'SMS_TaskSequencePackage' }
function Get-CMFileReplicationRoute { [CmdletBinding()] param() Get-StandinConsole $PSCmdlet 'Get-CMFileReplicationRoute' 'SMS_SCI_Address' }
function Get-CMDevice {
    [CmdletBinding()] param([switch] $Fast)
    Get-StandinConsole $PSCmdlet 'Get-CMDevice' 'SMS_R_System' | ForEach-Object { [pscustomobject]@{ Name = $_.PSObject.Properties['Name'].Value; Domain = $_.ResourceDomainORWorkgroup; SiteCode = 'P01'; IsClient = [bool] $_.PSObject.Properties['Client'].Value } }
}
function Get-CMClientSetting {
    # The settings; with their remote tools where these are asked for.
    [CmdletBinding()] param([string] $Name, [string] $Setting)
    $custom = @(Get-StandinConsole $PSCmdlet 'Get-CMClientSetting' 'SMS_ClientSettings')
    $default = @($World.Cim['CAS1|root\sms\site_CAS']['SMS_SCI_ClientComp'] | Where-Object { $_.Get('ItemName') -eq 'Remote Control' })
    if (-not $Setting) { return @($custom | Select-Object Name) + @([pscustomobject]@{ Name = 'Default Client Agent Settings' }) }
    if ($Name -eq 'Default Client Agent Settings') {
        $item = ConvertTo-Shown $default[0]
        return [pscustomobject]@{ FirewallExceptionProfiles = [uint32] $(if ($item.Flags -band 1) { 15 } else { 0 }); PermittedViewers = [string[]] @($item.PropLists | Where-Object { $_.PropertyListName -eq 'Permitted Viewers' } | ForEach-Object { $_.Values }) }
    }
    foreach ($one in $custom | Where-Object { $_.Name -eq $Name }) {
        $one.Get()
        foreach ($agent in @($one.AgentConfigurations | Where-Object { $_.PSObject.Properties['PermittedViewers'] })) { [pscustomobject]@{ FirewallExceptionProfiles = [uint32] $(if ($agent.Enabled -ne $false) { 15 } else { 0 }); PermittedViewers = $agent.PermittedViewers } }
    }
}
function Get-CMDatabaseReplicationLinkProperty {
    [CmdletBinding()] param([string] $ParentSiteCode, [string] $ChildSiteCode)
    if (-not (Assert-Line $PSCmdlet 'Get-CMDatabaseReplicationLinkProperty' $ChildSiteCode)) { return }
    $row = [ordered]@{}
    foreach ($control in @($World.Cim['CAS1|root\sms\site_CAS']['SMS_RcmSqlControl'])) {
        if ($control.Get('SiteCode') -ne $ChildSiteCode) { continue }
        foreach ($property in (ConvertTo-Shown $control.Fetched()).Props) { $row[$property.PropertyName] = $property.Value }
    }
    if ($row.Count -gt 0) { foreach ($name in 'DviewForHINV', 'DviewForSINV', 'DviewForStatusMessages') { if (-not $row.Contains($name)) { $row[$name] = 0 } } }
    [pscustomobject] $row
}
function Get-ManagementRoleAssignment {
    [CmdletBinding()] param([switch] $GetEffectiveUsers)
    if (-not (Assert-Line $PSCmdlet 'Get-ManagementRoleAssignment')) { return }
    [pscustomobject]@{ Role = 'Mail Recipients'; RoleAssigneeName = 'Organization Management'; EffectiveUserName = 'svc-exchange'; Enabled = $true }
}

# --- Active Directory: the domain of this computer

function Get-StandinEntry { param([string] $Kind) return @([Standin.Ad]::Domains['contoso.com'].Objects | Where-Object { $_.Attributes.ContainsKey('objectClass') -and @($_.Attributes['objectClass'])[-1] -eq $Kind }) }
function Get-StandinAttribute { param($Entry, [string] $Name) if ($Entry.Attributes.ContainsKey($Name)) { return $Entry.Attributes[$Name][0] } }
function ConvertTo-StandinAccount {
    param($Entry)
    $set = Get-StandinAttribute $Entry 'pwdLastSet'
    [pscustomobject]@{
        SamAccountName = "$(Get-StandinAttribute $Entry 'sAMAccountName')"; DistinguishedName = $Entry.Dn; ObjectClass = @($Entry.Attributes['objectClass'])[-1]
        SID = [Standin.SecurityIdentifier]::new($Entry.SidText); Enabled = ([int] (Get-StandinAttribute $Entry 'userAccountControl') -band 2) -eq 0; LockedOut = $false
        PasswordLastSet = if ($set) { [datetime]::FromFileTimeUtc($set) } else { $null }; ProfilePath = Get-StandinAttribute $Entry 'profilePath'
        PrimaryGroupID = Get-StandinAttribute $Entry 'primaryGroupID'; UserPrincipalName = Get-StandinAttribute $Entry 'userPrincipalName'
    }
}
function Get-ADUser { [CmdletBinding()] param([string] $Filter, [string[]] $Properties) if (Assert-Line $PSCmdlet 'Get-ADUser') { Get-StandinEntry 'user' | ForEach-Object { ConvertTo-StandinAccount $_ } } }
function Get-ADComputer { [CmdletBinding()] param([string] $Filter, [string[]] $Properties) if (Assert-Line $PSCmdlet 'Get-ADComputer') { Get-StandinEntry 'computer' | ForEach-Object { ConvertTo-StandinAccount $_ } } }
function Get-ADServiceAccount { [CmdletBinding()] param([string] $Filter, [string[]] $Properties) if (Assert-Line $PSCmdlet 'Get-ADServiceAccount') { Get-StandinEntry 'msDS-GroupManagedServiceAccount' | ForEach-Object { ConvertTo-StandinAccount $_ } } }
function Get-ADGroup {
    [CmdletBinding()] param([string] $Filter)
    if (-not (Assert-Line $PSCmdlet 'Get-ADGroup')) { return }
    foreach ($entry in Get-StandinEntry 'group') {
        $type = [int] (Get-StandinAttribute $entry 'groupType')
        [pscustomobject]@{ SamAccountName = "$(Get-StandinAttribute $entry 'sAMAccountName')"; DistinguishedName = $entry.Dn; SID = [Standin.SecurityIdentifier]::new($entry.SidText); GroupScope = if ($type -band 2) { 'Global' } elseif ($type -band 8) { 'Universal' } else { 'DomainLocal' }; GroupCategory = 'Security' }
    }
}
function Get-ADGroupMember {
    [CmdletBinding()] param([Parameter(Position = 0)] $Identity)
    if (-not (Assert-Line $PSCmdlet 'Get-ADGroupMember' $Identity.SamAccountName)) { return }
    $domain = [Standin.Ad]::Domains['contoso.com']
    $entry = $domain.ByDn[$Identity.DistinguishedName]
    foreach ($place in @($entry.Attributes['member'])) {
        if (-not $place) { continue }
        if (-not $domain.ByDn.ContainsKey($place)) { $PSCmdlet.WriteError((New-StandinError 'The specified directory service attribute or value does not exist')); return }
        ConvertTo-StandinAccount $domain.ByDn[$place] | Select-Object SamAccountName, DistinguishedName, SID, ObjectClass
    }
}
function Get-ADDomain {
    [CmdletBinding()] param()
    if (-not (Assert-Line $PSCmdlet 'Get-ADDomain')) { return }
    $domain = [Standin.Ad]::Domains['contoso.com']
    [pscustomobject]@{ NetBIOSName = $domain.NetBios; DNSRoot = $domain.Dns; DistinguishedName = $domain.Dn; DomainSID = [Standin.SecurityIdentifier]::new($domain.Sid) }
}
function Get-ADTrust {
    [CmdletBinding()] param([string] $Filter)
    if (-not (Assert-Line $PSCmdlet 'Get-ADTrust')) { return }
    foreach ($entry in Get-StandinEntry 'trustedDomain') {
        $attributes = [int] (Get-StandinAttribute $entry 'trustAttributes')
        [pscustomobject]@{ Source = [Standin.Ad]::Domains['contoso.com'].Dn; Target = "$(Get-StandinAttribute $entry 'trustPartner')"; Direction = [int] (Get-StandinAttribute $entry 'trustDirection'); TrustType = 'Uplevel'; IntraForest = ($attributes -band 32) -ne 0; ForestTransitive = ($attributes -band 8) -ne 0; DisallowTransivity = $false; Name = "$(Get-StandinAttribute $entry 'cn')" }
    }
}
function Get-ADOrganizationalUnit { [CmdletBinding()] param([string] $Filter) if (Assert-Line $PSCmdlet 'Get-ADOrganizationalUnit') { Get-StandinEntry 'organizationalUnit' | ForEach-Object { [pscustomobject]@{ DistinguishedName = $_.Dn } } } }
function Import-Module { [CmdletBinding()] param([Parameter(Position = 0)][string] $Name) }

# --- computers

function Get-LocalGroup {
    [CmdletBinding()] param()
    if (-not (Assert-Line $PSCmdlet 'Get-LocalGroup')) { return }
    foreach ($group in @($World.Cim["$(Get-StandinShort $env:COMPUTERNAME)|root\cimv2"]['Win32_Group'])) { if ($group) { [pscustomobject]@{ Description = ''; Name = $group.Get('Name'); SID = [Standin.SecurityIdentifier]::new($group.Get('SID')); PrincipalSource = 'Local'; ObjectClass = 'Group' } } }
}
function Get-LocalGroupMember {
    [CmdletBinding()] param([Parameter(Position = 0)] $Group)
    if (-not (Assert-Line $PSCmdlet 'Get-LocalGroupMember' $Group.Name)) { return }
    foreach ($member in @([Standin.Ad]::Local["$(Get-StandinShort $env:COMPUTERNAME)|$($Group.Name)"])) {
        if (-not $member) { continue }
        # As the real cmdlet: one that cannot be resolved loses the group.
        if (-not [Standin.SecurityIdentifier]::Names.ContainsKey($member.Sid)) { $PSCmdlet.WriteError((New-StandinError "Failed to compare two elements in the array.")); return }
        [pscustomobject]@{ Name = [Standin.SecurityIdentifier]::Names[$member.Sid]; SID = [Standin.SecurityIdentifier]::new($member.Sid); ObjectClass = $member.Class; PrincipalSource = 'ActiveDirectory' }
    }
}
function Get-SmbShareAccess {
    [CmdletBinding()] param([Parameter(ValueFromPipelineByPropertyName)][string] $Name)
    process { foreach ($entry in @(& $SharesAccessHere -Name $Name -ScopeName '*')) { [pscustomobject]@{ Name = $Name; ScopeName = '*'; AccountName = $entry.AccountName; AccessControlType = $entry.AccessControlType; AccessRight = $entry.AccessRight } } }
}
function Get-ChildItem {
    # Folders of this computer, down to a depth.
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Path, [switch] $Directory, [switch] $Recurse, [int] $Depth)
    if (-not (Assert-Line $PSCmdlet 'Get-ChildItem' $Path)) { return }
    $start = "$(Get-StandinShort $env:COMPUTERNAME)|$($Path.TrimEnd('\'))\"
    foreach ($key in @($World.Acl.Keys | Sort-Object)) {
        if (-not $key.StartsWith($start, 'OrdinalIgnoreCase')) { continue }
        if (@($key.Substring($start.Length) -split '\\').Count -le $Depth + 1) { [pscustomobject]@{ FullName = $key.Substring($key.IndexOf('|') + 1) } }
    }
}
function Get-ItemProperty {
    [CmdletBinding()] param([Parameter(Position = 0)][string] $Path)
    $key = "$(Get-StandinShort $env:COMPUTERNAME)|$Path"
    if (-not $World.Registry.Contains($key)) { $PSCmdlet.WriteError((New-StandinError "Cannot find path '$Path' because it does not exist.")); return }
    [pscustomobject] $World.Registry[$key]
}
function Get-Acl {
    # Of a folder of this computer, or of an object of the directory.
    [CmdletBinding()] param([string] $LiteralPath)
    if (-not (Assert-Line $PSCmdlet 'Get-Acl' $LiteralPath)) { return }
    if ($LiteralPath -match '^AD:\\(.+)$') {
        $entry = [Standin.Ad]::Domains['contoso.com'].ByDn[$Matches[1]]
        if ($null -eq $entry) { $PSCmdlet.WriteError((New-StandinError 'Cannot find it because it does not exist.')); return }
        return [pscustomobject]@{ Owner = ''; Sddl = [Standin.RawSecurityDescriptor]::new($entry.Attributes['nTSecurityDescriptor'][0], 0).GetSddlForm('All') }
    }
    $key = "$(Get-StandinShort $env:COMPUTERNAME)|$LiteralPath"
    if (-not $World.Acl.Contains($key)) { $PSCmdlet.WriteError((New-StandinError "Cannot find path '$LiteralPath' because it does not exist.")); return }
    [pscustomobject] $World.Acl[$key]
}
function Invoke-Command {
    # Each computer in turn: what fails on one is an error, and the others answer.
    [CmdletBinding()] param([string[]] $ComputerName, [Parameter(Position = 0)][scriptblock] $ScriptBlock)
    $job = & $Remoting -ComputerName $ComputerName -ScriptBlock $ScriptBlock
    foreach ($child in $job.ChildJobs) {
        foreach ($record in $child.Errors) { $PSCmdlet.WriteError($record) }
        foreach ($item in $child.Output) {
            if ($item -isnot [string]) { $item | Add-Member -NotePropertyName PSComputerName -NotePropertyValue $child.Location -Force }
            $item
        }
    }
}
function secedit {
    # Writes the template of this computer, beside the other outputs.
    $file = @("$($args[[array]::IndexOf($args, '/cfg') + 1])" -split '[\\/]')[-1]
    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($LineFolder, $file), "$($World.Secedit[(Get-StandinShort $env:COMPUTERNAME)])", [System.Text.Encoding]::Unicode)
}
