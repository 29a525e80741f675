# The scenarios. Arrange changes the estate, Parameters are the collector's beside -SiteServer, Before and After run in
# the session around it, Edit changes the script's text. Base names the scenario whose judgement it is held to: what is
# read less must not make `cmlint check` say more. Refused: it has to end before anything is read.

$SiteOnly = @{ SkipHosts = $true; SkipSql = $true; SkipDirectory = $true }
$DirectoryToo = @{ SkipHosts = $true; SkipSql = $true }
$SqlToo = @{ SkipHosts = $true; SkipDirectory = $true }

function Add-Fault { param([string] $Match, [string] $Message = 'Access is denied.', [hashtable] $More = @{}) $World.Faults += @{ Match = $Match; Message = $Message } + $More }
function Get-StandinDomain { return [Standin.Ad]::Domains['contoso.com'] }
function Get-AdGroup { param([string] $Name) return (Get-StandinDomain).Objects | Where-Object { "$($_.Attributes['sAMAccountName'])" -eq $Name -and $_.Attributes.ContainsKey('groupType') } | Select-Object -First 1 }
function Get-StandinList { param([string] $Class) return , $World.Cim['CAS1|root\sms\site_CAS'][$Class] }
function Set-Members { param([string] $Group, [string[]] $Members) $null = (Get-AdGroup $Group).SetMany('member', $Members) }
function Add-People {
    # Accounts u1 to uN, and their places.
    param([int] $Count)
    foreach ($n in 1..$Count) { $dn = "CN=u$n,OU=Staff,DC=contoso,DC=com"; $null = Add-AdUser -Domain (Get-StandinDomain) -Name "u$n" -Sid "$Forest-$(20000 + $n)" -Dn $dn; $dn }
}

. ([System.IO.Path]::Combine($PSScriptRoot, 'passwords.ps1'))

$Scenarios = [ordered]@{
    'plain' = @{}
    # What tests/data/collected holds: more computers and domains, for tests that take some of them away.
    'everything' = @{ Parameters = @{ ComputerName = 'fs1.contoso.com'; Domain = 'fabrikam.com' }; Arrange = {
            $other = New-AdDomain -Dns 'fabrikam.com' -NetBios 'FABRIKAM' -Sid 'S-1-5-21-9-9-9' -Controller 'dc9.fabrikam.com'
            $null = Add-AdUser -Domain $other -Name 'mig' -Sid 'S-1-5-21-9-9-9-1105' -Dn 'CN=mig,OU=Service,DC=fabrikam,DC=com'
            $null = $other.Add('CN=contoso.com,CN=System,DC=fabrikam,DC=com').SetMany('objectClass', ('top', 'leaf', 'trustedDomain')).Set('cn', 'contoso.com').Set('trustPartner', 'contoso.com').Set('flatName', 'CONTOSO').Set('trustDirection', [int] 3).Set('trustType', [int] 2).Set('trustAttributes', [int] 8) } }
    'site-only' = @{ Parameters = $SiteOnly; Base = 'plain' }
    'directory-only' = @{ Parameters = $DirectoryToo; Base = 'plain' }
    'sql-only' = @{ Parameters = $SqlToo; Base = 'plain' }
    'strict' = @{ Before = { Set-StrictMode -Version Latest }; Base = 'plain' }
    'no-site-server' = @{ Parameters = @{ SiteServer = $null }; Base = 'plain' }
    'remote-workstation' = @{ Arrange = { $env:COMPUTERNAME = 'WS001' }; Base = 'plain' }

    # --- the provider
    'provider-unreachable' = @{ Parameters = @{ SiteServer = 'nosuch.contoso.com' }; Base = 'plain' }
    'provider-over-dcom' = @{ Parameters = $SiteOnly; Arrange = { $env:COMPUTERNAME = 'WS001'; Add-Fault '^CAS1\|session\|Wsman' 'WinRM cannot complete the operation.' }; Base = 'plain' }
    'namespace-missing' = @{ Arrange = { $World.Cim.Remove('CAS1|root\sms') }; Base = 'plain' }
    'site-namespace-missing' = @{ Arrange = { $World.Cim.Remove('CAS1|root\sms\site_CAS') }; Base = 'plain' }
    'class-denied' = @{ Parameters = $SiteOnly; Arrange = { Add-Fault '\|SMS_Admin\|' 'Access denied ' }; Base = 'plain' }
    'class-timeout' = @{ Parameters = $SiteOnly; Arrange = { Add-Fault '\|SMS_SCI_SysResUse\|list' 'The operation has timed out.' }; Base = 'plain' }
    'class-breaks-midway' = @{ Parameters = $SiteOnly; Arrange = { Add-Fault '\|SMS_SCI_SysResUse\|list' 'The RPC server is unavailable.' @{ After = 10 } }; Base = 'plain' }
    'one-instance-fails' = @{ Parameters = $SiteOnly; Arrange = { Add-Fault '\|SMS_Role\|get' 'Quota violation ' }; Base = 'plain' }
    'sequence-fails' = @{ Parameters = $SiteOnly; Arrange = { Add-Fault '\|SMS_TaskSequencePackage\|get' 'Generic failure ' }; Base = 'plain' }
    'sequence-not-xml' = @{ Parameters = $SiteOnly; Arrange = { Add-Sequence -Id 'CAS00077' -Name 'Broken' -Text '<sequence><step name="Leak95 password=Leak95!">' }; Base = 'plain' }
    'sequence-with-a-document-type' = @{ Parameters = $SiteOnly; Arrange = { Add-Sequence -Id 'CAS00077' -Name 'Entities' -Text '<!DOCTYPE sequence [<!ENTITY a "Leak96!">]><sequence version="3.10"><step type="X" name="&a;"/></sequence>' }; Base = 'plain' }
    'old-site' = @{ Parameters = $SiteOnly; Arrange = { foreach ($class in 'SMS_CollectionSettings', 'SMS_RcmSqlControl', 'SMS_MigrationSiteMapping', 'SMS_MigrationSourceSite', 'SMS_ADForestDiscoveryStatus', 'SMS_ADForest') { $World.Cim['CAS1|root\sms\site_CAS'].Remove($class) } }; Base = 'plain' }
    'two-sites-in-one-provider' = @{ Parameters = $SiteOnly; Arrange = { Add-Cim -Namespace 'root\sms' -Class 'SMS_ProviderLocation' -Instance (New-Cim 'SMS_ProviderLocation' ([ordered]@{ Machine = 'p01-srv.contoso.com'; ProviderForLocalSite = $true; SiteCode = 'P01' })) }; Base = 'plain' }
    'provider-not-local' = @{ Parameters = $SiteOnly; Arrange = { $World.Cim['CAS1|root\sms']['SMS_ProviderLocation'].Clear(); foreach ($m in 'p01-srv.contoso.com', 'cas1.contoso.com') { Add-Cim -Namespace 'root\sms' -Class 'SMS_ProviderLocation' -Instance (New-Cim 'SMS_ProviderLocation' ([ordered]@{ Machine = $m; ProviderForLocalSite = $true; SiteCode = 'CAS' })) } }; Base = 'plain' }
    'site-code-not-found' = @{ Parameters = @{ SiteCode = 'XYZ' }; Base = 'plain' }
    'scoped-admin' = @{ Parameters = $SiteOnly; Arrange = { foreach ($class in 'SMS_TaskSequencePackage', 'SMS_Admin', 'SMS_SCI_Reserved', 'SMS_Role') { (Get-StandinList $class).Clear() } }; Base = 'plain' }
    'scoped-by-own-entry' = @{ Parameters = $SiteOnly; Arrange = { (Get-StandinList 'SMS_TaskSequencePackage').Clear(); Add-Cim -Class 'SMS_Admin' -Instance (New-Cim 'SMS_Admin' ([ordered]@{ AdminID = [uint32] 77; AdminSid = [Standin.WindowsIdentity]::Sid; LogonName = [Standin.WindowsIdentity]::Account; IsGroup = $false; RoleNames = @('Read-only Analyst'); Categories = @('CAS00003') })) } }

    # --- computers
    'host-timeout' = @{ Arrange = { Add-Fault '^SUP1\|remoting' '' @{ Kind = 'timeout' } }; Base = 'plain' }
    'host-slow' = @{ Arrange = { Add-Fault '^SUP1\|remoting' '' @{ Kind = 'slow'; After = 4 } }; Base = 'plain' }
    'host-dies' = @{ Arrange = { Add-Fault '^SUP1\|remoting' 'The I/O operation has been aborted.' @{ Kind = 'dies'; After = 7 } }; Base = 'plain' }
    'host-denied' = @{ Arrange = { Add-Fault '^SUP1\|remoting' 'Access is denied.' @{ Kind = 'denied' } }; Base = 'plain' }
    'host-garbage' = @{ Arrange = { Add-Fault '^SUP1\|remoting' '' @{ Kind = 'garbage' } }; Base = 'plain' }
    'host-only-garbage' = @{ Arrange = { Add-Fault '^SUP1\|remoting' '' @{ Kind = 'onlygarbage' } }; Base = 'plain' }
    'host-broken-rows' = @{ Arrange = { Add-Fault '^SUP1\|remoting' '' @{ Kind = 'badrows' } }; Base = 'plain' }
    'host-empty' = @{ Arrange = { Add-Fault '^SUP1\|remoting' '' @{ Kind = 'empty' } }; Base = 'plain' }
    'host-profile-error' = @{ Arrange = { Add-Fault '^SUP1\|remoting' '' @{ Kind = 'errors' } }; Base = 'plain' }
    'host-no-computersystem' = @{ Arrange = { Add-Fault '^SUP1\|.*\|Win32_ComputerSystem' 'Provider load failure ' }; Base = 'plain' }
    'all-hosts-fail' = @{ Arrange = { Add-Fault '\|remoting\|host' 'WinRM cannot complete the operation.' @{ Kind = 'denied' } }; Base = 'plain' }
    'system-list-timeout' = @{ Arrange = { Add-Fault '\|SMS_(SCI_SysResUse|Site|SCI_SiteDefinition)\|list' 'The operation has timed out.' }; Base = 'plain' }
    'controller-groups' = @{ Arrange = { foreach ($g in @('Account Operators', 548), @('Server Operators', 549), @('Backup Operators', 551), @('Administrators', 544)) { Add-LocalGroup -Fqdn 'dc1.contoso.com' -Name $g[0] -Sid "S-1-5-32-$($g[1])" } } }
    'secedit-fails' = @{ Arrange = { Add-Fault '^SUP1\|secedit' }; Base = 'plain' }
    'secedit-empty' = @{ Arrange = { Add-Fault '^SUP1\|secedit' '' @{ Text = "[Unicode]`r`n"; Code = 0 } }; Base = 'plain' }
    'secedit-half' = @{ Arrange = { Add-Fault '^SUP1\|secedit' '' @{ Text = (New-Template 'SeServiceLogonRight = *S-1-5-80-0'); Code = 3 } }; Base = 'plain' }
    'orphaned-sid' = @{ Arrange = { [Standin.Ad]::Local['SUP1|Administrators'].Add([Standin.LocalMember]::new("$Forest-9999", 'User')) } }
    'orphaned-sid-unreadable' = @{ Arrange = { $m = [Standin.LocalMember]::new("$Forest-9999", ''); $m.Fault = 'The security ID structure is invalid.'; [Standin.Ad]::Local['SUP1|Administrators'].Add($m) }; Base = 'plain' }
    'share-access-fails' = @{ Arrange = { Add-Fault '^P01-SRV\|smb\|SMS_P01' 'The specified share does not exist.' }; Base = 'plain' }
    'no-smb-cmdlets' = @{ Arrange = { Add-Fault '^P01-SRV\|smb\|share' "The term 'Get-SmbShare' is not recognized." }; Base = 'plain' }
    'namespace-descriptor-fails' = @{ Arrange = { Add-Fault '^CAS1\|root\\SMS.*GetSD' '' @{ ReturnValue = 5 } }; Base = 'plain' }
    'folder-acl-denied' = @{ Arrange = { Add-Fault '^CAS1\|acl\|.*auth' 'Attempted to perform an unauthorized operation.' }; Base = 'plain' }
    'target-share-denied' = @{ Arrange = { Add-Fault '\|acl\|\\\\fs1' 'Access is denied.' }; Base = 'plain' }
    'long-host-name' = @{ Arrange = {
            # A DNS suffix of its own, beside the domain it is in.
            [Standin.Dns]::Names['SUP1'] = 'sup1.corp.contoso.com' }; Base = 'plain' }
    'other-domain-name' = @{ Arrange = {
            [Standin.Dns]::Names['SUP1'] = 'sup1.corp.contoso.com'
            $null = $World.Cim['SUP1|root\cimv2']['Win32_ComputerSystem'][0].Set('Domain', 'corp.contoso.com') } }
    'short-host-name' = @{ Arrange = { foreach ($row in (Get-StandinList 'SMS_SCI_SysResUse')) { if ($row.Get('NetworkOSPath') -like '*sup1*') { $null = $row.Set('NetworkOSPath', '\\SUP1') } } } }
    'bad-computer-name' = @{ Parameters = @{ ComputerName = 'no such name', 'fs1.contoso.com' } }
    'remoting-throws' = @{ Arrange = { Add-Fault '\|remoting\|all\|start' 'The WinRM client cannot process the request.' }; Base = 'plain' }
    'one-batch-throws' = @{ Arrange = { Add-Fault '^(\d{2,}|[2-9])\|remoting\|all\|start' 'One of the computers cannot be used.' }; Base = 'plain' }
    'sql-port' = @{ Arrange = { $null = ((Get-StandinList 'SMS_SCI_SiteDefinition') | Where-Object { $_.Get('SiteCode') -eq 'P01' }).Set('SQLServerName', 'sql01.contoso.com,1433') }; Base = 'plain' }
    'role-database-port' = @{ Arrange = { foreach ($row in (Get-StandinList 'SMS_SCI_SysResUse')) { foreach ($p in @($row.Get('Props') | Where-Object { $_ })) { if ("$($p.Get('PropertyName'))" -match 'ServerName' -and "$($p.Get('Value2'))" -ne '') { $null = $p.Set('Value2', "tcp:$($p.Get('Value2'))\INST1,1533") } } } } }

    # --- Active Directory
    'ad-unreachable' = @{ Parameters = $DirectoryToo; Arrange = { [Standin.Ad]::ForestFault = 'The specified domain either does not exist or could not be contacted.' }; Base = 'plain' }
    'ad-unreachable-domain-asked' = @{ Parameters = $DirectoryToo + @{ Domain = @('contoso.com') }; Arrange = { [Standin.Ad]::ForestFault = 'Current security context is not associated with an Active Directory domain or forest.' }; Base = 'plain' }
    'bind-fails' = @{ Parameters = $DirectoryToo; Arrange = { (Get-StandinDomain).Fault = 'The LDAP server is not operational.' }; Base = 'plain' }
    'domain-unreachable' = @{ Parameters = $DirectoryToo; Arrange = { $d = New-AdDomain -Dns 'emea.contoso.com' -NetBios 'EMEA' -Sid 'S-1-5-21-8-8-8' -Controller 'dc2.emea.contoso.com' -InForest; $d.Fault = 'The server is not operational.' }; Base = 'plain' }
    'domain-search-fails' = @{ Parameters = $DirectoryToo; Arrange = { (Get-StandinDomain).SearchFault = 'sAMAccountName=|objectSid=S' }; Base = 'plain' }
    'accounts-search-fails' = @{ Parameters = $DirectoryToo; Arrange = { (Get-StandinDomain).SearchFault = 'objectCategory=person' }; Base = 'plain' }
    'member-search-fails' = @{ Parameters = $DirectoryToo; Arrange = { (Get-StandinDomain).SearchFault = 'memberOf=CN=Helpdesk' }; Base = 'plain' }
    'trust-search-fails' = @{ Parameters = $DirectoryToo; Arrange = { (Get-StandinDomain).SearchFault = 'trustedDomain' }; Base = 'plain' }
    'member-of-unreachable-domain' = @{ Parameters = $DirectoryToo; Arrange = { Set-Members 'Helpdesk' 'CN=bert,OU=Service,DC=contoso,DC=com', 'CN=x,OU=y,DC=other,DC=contoso,DC=com' } }
    'member-not-visible' = @{ Parameters = $DirectoryToo; Arrange = { Set-Members 'Helpdesk' 'CN=bert,OU=Service,DC=contoso,DC=com', 'CN=gone,OU=Staff,DC=contoso,DC=com' } }
    'member-without-account-name' = @{ Parameters = $DirectoryToo; Arrange = { $null = (Get-StandinDomain).Add('CN=Contact,OU=Staff,DC=contoso,DC=com').SetMany('objectClass', ('top', 'contact')); Set-Members 'Helpdesk' 'CN=Contact,OU=Staff,DC=contoso,DC=com' } }
    'member-attributes-hidden' = @{ Parameters = $DirectoryToo; Arrange = { $dn = ((Get-AdGroup 'Helpdesk').Attributes['member'])[0]; foreach ($a in 'sAMAccountName', 'objectSid') { $null = [Standin.Ad]::Hidden.Add("$dn|$a") } }; Base = 'plain' }
    'attributes-hidden' = @{ Parameters = $DirectoryToo; Arrange = { foreach ($a in 'userAccountControl', 'msDS-User-Account-Control-Computed', 'pwdLastSet', 'primaryGroupID', 'profilePath') { $null = [Standin.Ad]::Hidden.Add($a) } }; Base = 'plain' }
    'odd-distinguished-names' = @{ Parameters = $DirectoryToo; Arrange = {
            $names = 'CN=Doe\, Jane,OU=Staff,DC=contoso,DC=com', 'CN=a/b (x),OU=Staff,DC=contoso,DC=com', 'CN=star*,OU=Staff,DC=contoso,DC=com', 'CN=odd\,DC=fabrikam,OU=Staff,DC=contoso,DC=com'
            $n = 0; foreach ($name in $names) { $n++; $null = Add-AdUser -Domain (Get-StandinDomain) -Name "odd$n" -Sid "$Forest-600$n" -Dn $name }
            Set-Members 'Helpdesk' $names } }
    'descriptor-null' = @{ Parameters = $DirectoryToo; Arrange = { $null = [Standin.Ad]::Hidden.Add('CN=System Management,CN=System,DC=contoso,DC=com|nTSecurityDescriptor') }; Base = 'plain' }
    'group-of-3200' = @{ Parameters = $DirectoryToo; Arrange = { Set-Members 'Helpdesk' (Add-People 3200) } }
    'group-of-3000' = @{ Parameters = $DirectoryToo; Arrange = { Set-Members 'Helpdesk' (Add-People 3000) } }
    'group-too-large' = @{ Parameters = $DirectoryToo + @{ MaxMembers = 1 }; Base = 'plain' }
    'circular-groups' = @{ Parameters = $DirectoryToo; Arrange = { foreach ($pair in @('Helpdesk', 'Tier 0'), @('Tier 0', 'Helpdesk')) { Set-Members $pair[0] "CN=$($pair[1]),OU=Staff,DC=contoso,DC=com" } } }
    'too-many-accounts' = @{ Parameters = $DirectoryToo + @{ MaxAccounts = 10 }; Base = 'plain' }
    'two-domains' = @{ Parameters = $DirectoryToo + @{ Domain = @('fabrikam.com') }; Arrange = { $null = New-AdDomain -Dns 'fabrikam.com' -NetBios 'FABRIKAM' -Sid 'S-1-5-21-9-9-9' -Controller 'dc9.fabrikam.com' } }
    'domain-named-twice' = @{ Parameters = $DirectoryToo + @{ Domain = @('CONTOSO.COM', 'contoso') }; Base = 'plain' }
    'server-named' = @{ Parameters = $DirectoryToo + @{ Server = 'dc1.contoso.com' }; Base = 'plain' }
    'directory-alone' = @{ Parameters = @{ SiteServer = $null; DirectoryOnly = $true; Server = 'dc1.contoso.com' }; Base = 'plain' }
    'accented-names' = @{ Parameters = $DirectoryToo; Arrange = { $null = Add-AdUser -Domain (Get-StandinDomain) -Name "J$([char]0xfc)rgen" -Sid "$Forest-6100" -Dn "CN=J$([char]0xfc)rgen,OU=Staff,DC=contoso,DC=com" } }
    'other-suffix' = @{ Parameters = $DirectoryToo; Arrange = { $null = Add-AdUser -Domain (Get-StandinDomain) -Name 'svc-suffix' -Sid "$Forest-6200" -Dn 'CN=svc-suffix,OU=Service,DC=contoso,DC=com' -Upn 'svc-suffix@corp.example'; Add-Cim -Class 'SMS_SCI_Reserved' -Instance (New-Cim 'SMS_SCI_Reserved' ([ordered]@{ ItemName = 'svc-suffix@corp.example|0'; ItemType = 'User'; SiteCode = 'CAS'; UserName = 'svc-suffix@corp.example'; AccountUsage = @('Software Distribution') })) } }

    # --- SQL Server
    'sql-login-fails' = @{ Parameters = $SqlToo; Arrange = { [Standin.Sql]::Faults['sql01.contoso.com|CM_P01'] = 'Cannot open database "CM_P01" requested by the login. The login failed.' }; Base = 'plain' }
    'sql-all-fail' = @{ Parameters = $SqlToo; Arrange = { [Standin.Sql]::Data.Clear() }; Base = 'plain' }
    'sql-one-query-fails' = @{ Parameters = $SqlToo; Arrange = { [Standin.Sql]::Faults['sql01.contoso.com|CM_P01|SqlRoleMember'] = 'Execution Timeout Expired.' }; Base = 'plain' }
    'sql-metadata-hidden' = @{ Parameters = $SqlToo; Arrange = { foreach ($key in @([Standin.Sql]::Data.Keys)) { if ($key -like '*HasPerms') { [Standin.Sql]::Data[$key][0] = @([int] 0, [int] 0, [int] 0); continue }; $null = [Standin.Sql]::Data[$key].RemoveAll([Predicate[object[]]] { param($r) "$r" -match 'CONTOSO' }) } }; Base = 'plain' }
    'sql-server-hidden' = @{ Parameters = $SqlToo; Arrange = { foreach ($key in @([Standin.Sql]::Data.Keys)) { if ($key -like '*HasPerms') { [Standin.Sql]::Data[$key][0] = @([int] 0, [int] 0, [int] 1); continue }; $null = [Standin.Sql]::Data[$key].RemoveAll([Predicate[object[]]] { param($r) $r[0] -eq '' -and "$r" -match 'CONTOSO' }) } }; Base = 'plain' }
    'sql-visibility-unknown' = @{ Parameters = $SqlToo; Arrange = { foreach ($key in @([Standin.Sql]::Data.Keys)) { if ($key -like '*HasPerms') { [Standin.Sql]::Faults[$key] = 'Execution Timeout Expired.' } } }; Base = 'plain' }

    # --- stops
    'error-midway' = @{ Edit = { param($Text) $Text.Replace('        if (-not $SkipSql -and -not $DirectoryOnly) {', "        throw 'out of memory'`n        if (-not `$SkipSql -and -not `$DirectoryOnly) {") }; Base = 'plain' }

    # --- parameters
    'skip-hosts' = @{ Parameters = @{ SkipHosts = $true }; Base = 'plain' }
    'skip-sql' = @{ Parameters = @{ SkipSql = $true }; Base = 'plain' }
    'skip-directory' = @{ Parameters = @{ SkipDirectory = $true }; Base = 'plain' }
    'skip-computer' = @{ Parameters = @{ SkipComputerName = 'sup1', 'sql01' }; Base = 'plain' }
    'table-array' = @{ Parameters = @{ Table = 'user_rights', 'local_groups' } }
    'table-comma-text' = @{ Parameters = @{ Table = 'user_rights, local_groups' } }
    'table-blank' = @{ Parameters = @{ Table = 'user_rights'; Rest = @('local_groups') } }
    'table-unknown' = @{ Parameters = @{ Table = 'nosuch' }; Refused = "no evidence table 'nosuch'" }
    'table-trusts' = @{ Parameters = @{ Table = 'trusts' } }
    'table-account-changes' = @{ Parameters = @{ Table = 'account_changes' } }
    'from-env-drive' = @{ Parameters = $SiteOnly; Before = { Set-Location Env: }; Base = 'site-only' }
    'verbose' = @{ Parameters = @{ Verbose = $true }; Base = 'plain' }
    'whatif' = @{ Parameters = @{ Rest = @('-WhatIf') }; Refused = 'there is no parameter -WhatIf' }
    'whatif-preference' = @{ Parameters = $SiteOnly; Before = { $WhatIfPreference = $true }; Base = 'site-only' }
    'warning-preference-stop' = @{ Parameters = $SiteOnly; Before = { $WarningPreference = 'Stop' }; Base = 'site-only' }
    'default-parameters' = @{ Parameters = $SiteOnly; Before = { $PSDefaultParameterValues = @{ 'ConvertTo-Json:AsArray' = $true; '*:ErrorAction' = 'SilentlyContinue' } }; Base = 'site-only' }
    'other-separator' = @{ Parameters = $SiteOnly; Before = { $OFS = '#' }; Base = 'site-only' }
    'passwords' = @{ Parameters = $SiteOnly; Arrange = { Add-Password } }
    'passwords-kept' = @{ Parameters = $SiteOnly + @{ KeepCommandLines = $true }; Arrange = { Add-Password } }

    # --- scale
    'scale-site' = @{ Parameters = $SiteOnly; Arrange = {
            foreach ($n in 1..20000) { (Get-StandinList 'SMS_R_System').Add((New-Cim 'SMS_R_System' ([ordered]@{ Name = "WS$n"; ResourceDomainORWorkgroup = 'CONTOSO'; FullDomainName = 'CONTOSO.COM' }))) }
            $list = Get-StandinList 'SMS_SCI_SysResUse'
            $model = $list[3]
            foreach ($n in 1..250) { foreach ($role in 1..6) { $c = $model.Fetched(); $null = $c.Set('NetworkOSPath', "\\dp$n.contoso.com").Set('RoleName', "Role $role").Set('NALPath', "x$n"); $list.Add($c) } } } }
    'scale-sequences' = @{ Parameters = $SiteOnly + @{ Table = 'task_sequence_steps' }; Arrange = { $text = (Get-StandinList 'SMS_TaskSequencePackage')[0].Get('Sequence'); foreach ($n in 1..2000) { Add-Sequence -Id ('CAT{0:d5}' -f $n) -Name "Sequence $n" -Text $text } } }
    # Each with accounts of its own, which are looked up in the directory.
    'scale-accounts' = @{ Parameters = $DirectoryToo; Arrange = { $text = ((Get-StandinList 'SMS_TaskSequencePackage') | Where-Object { "$($_.Get('Sequence'))" -match 'svc-' })[0].Get('Sequence'); foreach ($n in 1..2000) { Add-Sequence -Id ('CAT{0:d5}' -f $n) -Name "Sequence $n" -Text ($text -replace '\\(svc-\w+)', "\`$1-$n") } } }
    'scale-directory' = @{ Parameters = $DirectoryToo + @{ MaxAccounts = 100000 }; Arrange = { $people = Add-People 20000; Set-Members 'Helpdesk' $people[0..4999] } }
    'scale-messages' = @{ Parameters = $SiteOnly + @{ Table = 'account_changes' }; Arrange = {
            foreach ($n in 1..500) {
                (Get-StandinList 'SMS_StatMsgInsStrings').Add((New-Cim 'SMS_StatMsgInsStrings' ([ordered]@{ RecordID = [uint64] (72057594037930000 + $n); InsStrIndex = [uint32] 1; InsStrValue = 'CONTOSO\svc-naa' })))
                (Get-StandinList 'SMS_StatusMessage').Add((New-Cim 'SMS_StatusMessage' ([ordered]@{ RecordID = [uint64] (72057594037930000 + $n); MessageType = [uint32] 768; Time = [datetime] '2018-09-01' }))) } } }
}
