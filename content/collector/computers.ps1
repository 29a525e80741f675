# ---------------------------------------------------------------------------------------------------------------------
# Computers

function ConvertTo-HostName {
    # The computer in a name as settings have it: without slashes, protocol, instance and port.
    param([string] $Name)
    $clean = ($Name.Trim() -replace '^(?i)(tcp|np|lpc|admin):', '').Trim().TrimStart('\')
    $clean = (($clean -split '[\\,/]')[0]).Trim().TrimEnd('.')
    if ($clean -match '^\[(.+)\](:\d+)?$') { $clean = $Matches[1] }
    elseif ($clean -match '^([^:]+):\d*$') { $clean = $Matches[1] }
    return $clean.ToLowerInvariant()
}

function Get-FirstLabel {
    # The first part of a computer's name; an address is one part.
    param([string] $Name)
    $clean = ConvertTo-HostName -Name $Name
    if ("$([uri]::CheckHostName($clean))" -like 'IPv*') { return $clean }
    return ($clean -split '\.')[0]
}

function Test-LocalName {
    # Whether that is this computer. A like-named computer of another domain is not.
    param([string] $Name)
    $clean = ConvertTo-HostName -Name $Name
    $own = Get-HostName
    $short = "$env:COMPUTERNAME".ToLowerInvariant()
    if ($clean -eq $own -or $clean -eq $short -or $clean -eq 'localhost') { return $true }
    $label = Get-FirstLabel -Name $own
    if (-not $clean.Contains('.')) { return $clean -eq $label }
    # Where DNS does not know this computer, its short name has to do.
    $known = $own.Contains('.') -and $label.Substring(0, [math]::Min(15, $label.Length)) -eq $short
    return -not $known -and (Get-FirstLabel -Name $clean) -eq $short
}

function Get-NamedComputer {
    # The computers that the site names: site servers, site systems, database servers; and whether that is all of them.
    param([hashtable] $Site)
    $names = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $complete = $true
    $places = @{ 'SMS_Site' = @('ServerName'); 'SMS_SCI_SiteDefinition' = @('SiteServerName', 'SQLServerName'); 'SMS_SCI_SysResUse' = @('NetworkOSPath') }
    foreach ($class in @($places.Keys | Sort-Object)) {
        try { $found = @(Get-SiteList -Site $Site -Class $class) }
        catch {
            $complete = $false
            continue
        }
        # A site has at least itself.
        if ($found.Count -eq 0) { $complete = $false }
        foreach ($instance in $found) {
            foreach ($place in $places[$class]) { $names.Add("$(Get-Value -Object $instance -Name $place)") }
            foreach ($property in @(Get-Value -Object $instance -Name 'Props')) {
                if ('SQLServerName', 'DatabaseServerName', 'DBServerName' -notcontains "$(Get-Value -Object $property -Name 'PropertyName')") { continue }
                foreach ($slot in 'Value2', 'Value1') {
                    $value = "$(Get-Value -Object $property -Name $slot)"
                    # The slot may hold the type of the registry value instead.
                    if ($value -notlike 'REG_*') { $names.Add($value) }
                }
            }
        }
    }
    return @{ Names = $names.ToArray(); Complete = $complete }
}

function Get-HostList {
    # The computers to look at, each once. What is no name of a computer, and what is left out, becomes a failure.
    param([string[]] $Names)
    $whole = [ordered]@{}
    $short = [ordered]@{}
    foreach ($name in $Names) {
        $clean = ConvertTo-HostName -Name "$name"
        # A server that runs in the cloud is no computer of the network.
        if ($clean -eq '' -or $clean -match '\.(cloudapp\.net|cloudapp\.azure\.com|manage\.microsoft\.com)$') { continue }
        $kind = "$([uri]::CheckHostName($clean))"
        if ($kind -eq 'Unknown' -or $clean -match '[^\w.:-]') {
            Add-Failure -Class $HostClasses -Target $clean -Reason 'that is no name of a computer' -Tags @{ Computer = $clean }
        }
        elseif ($clean.Contains('.') -or $kind -ne 'Dns') { $whole[$clean] = $true }
        else { $short[$clean] = $true }
    }
    foreach ($name in @($short.Keys)) {
        if (@($whole.Keys | Where-Object { (Get-FirstLabel -Name $_) -eq $name }).Count -eq 0) { $whole[$name] = $true }
    }
    $skip = @($SkipComputerName | ForEach-Object { ConvertTo-HostName -Name $_ })
    foreach ($name in @($whole.Keys)) {
        if ($skip -contains $name -or $skip -contains (Get-FirstLabel -Name $name)) {
            Add-Failure -Class $HostClasses -Target $name -Reason 'left out, as -SkipComputerName asks' -Tags @{ Computer = $name } -Quiet
        }
        else { $name }
    }
}

#% for $HostClasses
# What runs on each computer, also with older versions of PowerShell, and uses nothing from outside of it. What it gives
# are objects with a class and a row as JSON; the name of the computer is put in by who asked. `Done` names the classes
# that have been read to their end.
$HostBlock = {
    param([string] $Wanted)
    $ErrorActionPreference = 'Stop'
    $WhatIfPreference = $false
    $Here = @{ Classes = @($Wanted -split '\|'); Controller = $false; Seen = @{} }
    #% host
    $steps = @(
        @{ Classes = @('Win32_ComputerSystem'); Step = { Send-System } }
        #% for LocalGroup LocalGroupMembers
        @{ Classes = @('LocalGroup', 'LocalGroupMembers'); Step = { Send-Group } }
        #% end
        #% for UserRightsAssignment SecurityPolicy
        @{ Classes = @('UserRightsAssignment', 'SecurityPolicy'); Step = { Send-Right } }
        #% end
        #% for DirectorySecurity
        @{ Classes = @('DirectorySecurity'); Step = { Send-Installation } }
        #% end
        #% for MSFT_SmbShare MSFT_SmbShareAccessControlEntry DirectorySecurity
        @{ Classes = @('MSFT_SmbShare', 'MSFT_SmbShareAccessControlEntry', 'DirectorySecurity'); Step = { Send-Share } }
        #% end
        #% for __SystemSecurity
        @{ Classes = @('__SystemSecurity'); Step = { Send-Namespace } }
        #% end
        #% for DcomSecurity
        @{ Classes = @('DcomSecurity'); Step = { Send-Dcom } }
        #% end
    )
    $limited = $ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage'
    for ($at = 0; $at -lt $steps.Count; $at++) {
        $asked = @($steps[$at].Classes | Where-Object { $Here.Classes -contains $_ })
        # What computer this is, is wanted for the others, too.
        if ($asked.Count -eq 0 -and $at -gt 0) { continue }
        try {
            if ($limited) { throw 'PowerShell runs in Constrained Language Mode there; allow this script by the application control policy' }
            & $steps[$at].Step
        }
        catch {
            foreach ($class in $asked) {
                $tags = @{}
                if ($class -eq 'DirectorySecurity') { $tags['Secures'] = 'folder' }
                Send-Failure -Class $class -Problem $_ -Tags $tags
            }
        }
        foreach ($class in $asked) {
            $later = @($steps | Select-Object -Skip ($at + 1) | Where-Object { $_.Classes -contains $class })
            if ($later.Count -eq 0) { Send-Row -Class 'Done' -Row ([ordered]@{ Of = $class }) }
        }
    }
}
#% end

function Send-Row {
    param([string] $Class, [System.Collections.IDictionary] $Row)
    New-Object -TypeName PSObject -Property @{ Class = $Class; Json = (ConvertTo-Json -InputObject $Row -Depth 10 -Compress) }
}

function Send-Failure {
    param([string] $Class, $Problem, [System.Collections.IDictionary] $Tags = @{})
    $row = [ordered]@{ Class = $Class; Reason = ($Problem.Exception.Message -replace '\s+', ' ').Trim() }
    foreach ($key in @($Tags.Keys | Sort-Object)) { $row[$key] = $Tags[$key] }
    Send-Row -Class 'CollectorReport' -Row $row
}

function Send-System {
    $system = Get-LocalInstance -Class 'Win32_ComputerSystem'
    $Here.Controller = [int] $system.DomainRole -ge 4
    $name = Get-HostName
    if (-not $name.Contains('.') -and $system.PartOfDomain -and "$($system.Domain)" -ne '') { $name = "$name.$($system.Domain)" }
    Send-Row -Class 'Name' -Row ([ordered]@{ Name = $name.ToLowerInvariant() })
    if ($Here.Classes -notcontains 'Win32_ComputerSystem') { return }
    Send-Row -Class 'Win32_ComputerSystem' -Row ([ordered]@{
            Computer = '(this)'
            Name = "$($system.Name)"
            DNSHostName = "$($system.DNSHostName)"
            Domain = "$($system.Domain)"
            PartOfDomain = [bool] $system.PartOfDomain
            DomainRole = [int] $system.DomainRole
        })
}

function Send-Member {
    # The members of one local group. One that cannot be read leaves the others.
    param($Group, [string] $MachineSid)
    $members = New-Object -TypeName 'System.Collections.Generic.List[object]'
    foreach ($member in @(Get-LocalMember -Group "$($Group.Name)")) {
        if ($null -ne $member.Problem) {
            Send-Failure -Class 'LocalGroupMembers' -Problem $member.Problem -Tags @{ Group = "$($Group.Name)"; GroupSid = "$($Group.SID)" }
            continue
        }
        $source = 'Unknown'
        if ($MachineSid -ne '' -and $member.Sid.StartsWith("$MachineSid-")) { $source = 'Local' }
        elseif ($member.Sid.StartsWith('S-1-5-21-')) { $source = 'ActiveDirectory' }
        elseif ($member.Sid.StartsWith('S-1-12-1-')) { $source = 'AzureAD' }
        $members.Add([ordered]@{ Name = (Get-SidName -Sid $member.Sid); SID = $member.Sid; ObjectClass = $member.Class; PrincipalSource = $source })
    }
    Send-Row -Class 'LocalGroupMembers' -Row ([ordered]@{ Computer = '(this)'; Group = "$($Group.Name)"; GroupSid = "$($Group.SID)"; Members = $members.ToArray() })
}

function Send-Group {
    $groups = @(Get-LocalInstance -Class Win32_Group -Filter 'LocalAccount = True')
    $machineSid = ''
    if ($Here.Controller) {
        # On a domain controller these are the groups of the domain, thousands of them.
        $groups = @($groups | Where-Object { $_.SID -like 'S-1-5-32-*' -or $_.Name -match '^(SMS|ConfigMgr|Configuration Manager)' })
    }
    else {
        $accounts = @(Get-LocalInstance -Class 'Win32_UserAccount' -Filter 'LocalAccount = True')
        if ($accounts.Count -gt 0) { $machineSid = "$($accounts[0].SID)" -replace '-\d+$', '' }
    }
    foreach ($group in $groups) {
        if ($Here.Classes -contains 'LocalGroup') {
            Send-Row -Class 'LocalGroup' -Row ([ordered]@{
                    Computer = '(this)'
                    Name = "$($group.Name)"
                    SID = "$($group.SID)"
                    PrincipalSource = if ($Here.Controller) { 'ActiveDirectory' } else { 'Local' }
                })
        }
        if ($Here.Classes -notcontains 'LocalGroupMembers') { continue }
        try { Send-Member -Group $group -MachineSid $machineSid }
        catch { Send-Failure -Class 'LocalGroupMembers' -Problem $_ -Tags @{ Group = "$($group.Name)"; GroupSid = "$($group.SID)" } }
    }
}

function Send-Right {
    $lines = @(Get-UserRight)
    if (@($lines | Where-Object { $_ -match '^\s*\[Privilege Rights\]\s*$' }).Count -eq 0) { throw 'secedit wrote a template without user rights; it needs an administrator' }
    # A right that nobody has is not in the template.
    $holders = [ordered]@{}
    foreach ($right in 'SeNetworkLogonRight', 'SeInteractiveLogonRight', 'SeRemoteInteractiveLogonRight', 'SeBatchLogonRight', 'SeServiceLogonRight', 'SeDenyNetworkLogonRight', 'SeDenyInteractiveLogonRight', 'SeDenyRemoteInteractiveLogonRight', 'SeDenyBatchLogonRight', 'SeDenyServiceLogonRight', 'SeMachineAccountPrivilege') {
        $holders[$right] = @()
    }
    foreach ($line in $lines) {
        if ($line -notmatch '^\s*(Se\w+)\s*=\s*(.*)$') { continue }
        $right = $Matches[1]
        $holders[$right] = @($Matches[2] -split ',' | ForEach-Object { $_.Trim() } | Where-Object { $_ -ne '' })
    }
    foreach ($right in @($holders.Keys)) {
        $members = New-Object -TypeName 'System.Collections.Generic.List[object]'
        $trustees = New-Object -TypeName 'System.Collections.Generic.List[object]'
        foreach ($holder in @($holders[$right])) {
            if ($holder.StartsWith('*')) {
                $sid = $holder.Substring(1)
                $members.Add($sid)
                $trustees.Add([ordered]@{ Name = (Get-SidName -Sid $sid); Sid = $sid })
            }
            else {
                $members.Add($holder)
                $trustees.Add([ordered]@{ Name = $holder })
            }
        }
        if ($Here.Classes -notcontains 'UserRightsAssignment') { continue }
        Send-Row -Class 'UserRightsAssignment' -Row ([ordered]@{
                Computer = '(this)'
                Source = 'template'
                Name = ''
                Right = $right
                Members = $members.ToArray()
                Trustees = $trustees.ToArray()
                Enabled = $true
            })
    }
    if ($Here.Classes -contains 'SecurityPolicy') { Send-Row -Class 'SecurityPolicy' -Row ([ordered]@{ Computer = '(this)'; Source = 'template'; Name = ''; UserRights = $true }) }
}

function Get-FolderTree {
    # A folder and those in it, so many levels deep.
    param([string] $Path, [int] $Levels)
    if (-not (Test-Folder -Path $Path)) { return }
    $Path
    if ($Levels -lt 1) { return }
    foreach ($inner in @(Get-InnerFolder -Path $Path)) { Get-FolderTree -Path $inner -Levels ($Levels - 1) }
}

function Send-Folder {
    # Each folder once, whatever leads to it.
    param([string] $Path)
    if ($Here.Seen.ContainsKey($Path)) { return }
    $Here.Seen[$Path] = $true
    try {
        $security = Get-FolderSecurity -Path $Path
        Send-Row -Class 'DirectorySecurity' -Row ([ordered]@{ Computer = '(this)'; Path = $Path; Owner = $security.Owner; Sddl = $security.Sddl })
    }
    catch { Send-Failure -Class 'DirectorySecurity' -Problem $_ -Tags @{ Path = $Path; Secures = 'folder' } }
}

function Send-Installation {
    # The folders of an installation of the product, if there is one here.
    $root = "$(Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\SMS\Identification' -Name 'Installation Directory')".TrimEnd('\')
    if ($root -eq '' -or -not (Test-Folder -Path $root)) { return }
    Send-Folder -Path $root
    foreach ($part in @{ Name = 'inboxes'; Levels = 2 }, @{ Name = 'OSD'; Levels = 2 }, @{ Name = 'sinv.box'; Levels = 1 }) {
        try { $inner = @(Get-FolderTree -Path "$root\$($part.Name)" -Levels $part.Levels) }
        catch {
            Send-Failure -Class 'DirectorySecurity' -Problem $_ -Tags @{ Path = "$root\$($part.Name)"; Secures = 'folder' }
            continue
        }
        foreach ($one in $inner) { Send-Folder -Path $one }
    }
}

function Send-Share {
    foreach ($share in @(Get-Share)) {
        if ($Here.Classes -contains 'MSFT_SmbShare') {
            Send-Row -Class 'MSFT_SmbShare' -Row ([ordered]@{
                    Computer = '(this)'
                    Name = "$($share.Name)"
                    ScopeName = "$($share.ScopeName)"
                    Path = "$($share.Path)"
                    Special = [bool] $share.Special
                })
        }
        if ($share.Special) { continue }
        if ($Here.Classes -contains 'MSFT_SmbShareAccessControlEntry') {
            try {
                foreach ($entry in @(Get-ShareEntry -Name $share.Name -Scope $share.ScopeName)) {
                    Send-Row -Class 'MSFT_SmbShareAccessControlEntry' -Row ([ordered]@{
                            Computer = '(this)'
                            Name = "$($share.Name)"
                            ScopeName = "$($share.ScopeName)"
                            AccountName = "$($entry.AccountName)"
                            AccessControlType = "$($entry.AccessControlType)"
                            AccessRight = "$($entry.AccessRight)"
                        })
                }
            }
            catch { Send-Failure -Class 'MSFT_SmbShareAccessControlEntry' -Problem $_ -Tags @{ Name = "$($share.Name)" } }
        }
        if ($Here.Classes -contains 'DirectorySecurity' -and "$($share.Path)" -ne '' -and (Test-Folder -Path "$($share.Path)")) { Send-Folder -Path "$($share.Path)" }
    }
}

function Send-Namespace {
    # Who may use the name spaces of the product, where this computer has them.
    $names = @(Get-LocalInstance -Class '__NAMESPACE' -Namespace 'root' | Where-Object { $_.Name -eq 'SMS' })
    if ($names.Count -eq 0) { return }
    foreach ($space in @('root\SMS') + @(Get-LocalInstance -Class '__NAMESPACE' -Namespace 'root\SMS' | ForEach-Object { "root\SMS\$($_.Name)" })) {
        try {
            $sddl = Get-NamespaceSddl -Namespace $space
            Send-Row -Class '__SystemSecurity' -Row ([ordered]@{ Computer = '(this)'; Namespace = $space; ReturnValue = 0; Descriptor = $sddl })
        }
        catch { Send-Failure -Class '__SystemSecurity' -Problem $_ -Tags @{ Namespace = $space } }
    }
}

function Send-Dcom {
    # Who may start and activate components from elsewhere: the limits and defaults of the computer, and what is set for
    # Windows Management Instrumentation, through which consoles connect.
    $ole = 'HKLM:\SOFTWARE\Microsoft\Ole'
    $places = @(
        @{ Key = $ole; Value = 'MachineLaunchRestriction'; Application = 'machine limits' },
        @{ Key = $ole; Value = 'DefaultLaunchPermission'; Application = 'machine defaults' },
        @{ Key = 'HKLM:\SOFTWARE\Classes\AppID\{8BC3F05E-D86B-11D0-A075-00C04FB68820}'; Value = 'LaunchPermission'; Application = 'Windows Management and Instrumentation' }
    )
    foreach ($place in $places) {
        $bytes = Get-RegistryValue -Path $place.Key -Name $place.Value
        if ($null -eq $bytes) { continue }
        Send-Row -Class 'DcomSecurity' -Row ([ordered]@{ Computer = '(this)'; Application = $place.Application; Sddl = (ConvertTo-SddlText -Bytes $bytes) })
    }
}

function Add-HostAnswer {
    # Takes over what a computer answered: rows of classes that were asked for. What it did not say to be done has
    # failed, for the reason that is given.
    param($Answer, [string] $Target, $Reason)
    $taken = New-Object -TypeName 'System.Collections.Generic.List[object]'
    $own = ''
    foreach ($item in @($Answer)) {
        $class = "$(Get-Value -Object $item -Name 'Class')"
        $json = "$(Get-Value -Object $item -Name 'Json')"
        if ($class -eq '' -or -not $json.StartsWith('{')) { continue }
        try { $data = ConvertFrom-Json -InputObject $json }
        catch {
            Add-Failure -Class $class -Target $Target -Reason 'the computer answered something that is no row' -Tags @{ Computer = $Target }
            continue
        }
        if ($class -eq 'Name') { $own = "$($data.Name)" }
        $taken.Add(@{ Class = $class; Json = $json; Data = $data })
    }
    # The site's name for the computer is what its rows are tied by; it may be no whole one.
    $name = $Target
    if ((-not $name.Contains('.') -or "$([uri]::CheckHostName($name))" -ne 'Dns') -and "$([uri]::CheckHostName($own))" -eq 'Dns') { $name = $own }
    $done = @{}
    foreach ($row in $taken) {
        if ($row.Class -eq 'Done') { $done["$($row.Data.Of)"] = $true }
        elseif ($row.Class -eq 'CollectorReport') {
            $tags = @{ Computer = $name }
            foreach ($property in $row.Data.PSObject.Properties) { if ('Class', 'Reason' -notcontains $property.Name) { $tags[$property.Name] = "$($property.Value)" } }
            Add-Failure -Class $row.Data.Class -Target $name -Reason $row.Data.Reason -Tags $tags
        }
        elseif ($HostClasses -contains $row.Class -and (Test-Wanted -Class $row.Class)) {
            Add-Json -Class $row.Class -Json $row.Json.Replace('"Computer":"(this)"', "`"Computer`":`"$name`"")
        }
    }
    Close-Work -Class @($done.Keys) -Target $Target
    if ($done.Count -gt 0) { $Manifest['HostsReached'] += $name }
    if ($null -eq $Reason) { $Reason = 'the computer did not answer to the end' }
    $open = @($HostClasses | Where-Object { $Planned.Contains("$_|$Target") })
    if ($open.Count -gt 0) { Add-Failure -Class $open -Target $Target -Reason $Reason -Tags @{ Computer = $name } }
}

function Start-Batch {
    # Has computers asked that are reached with the same credential. Where that cannot be, each of them is tried alone,
    # so that one odd name costs no other.
    param([string[]] $Names, [string] $List, $As)
    try { return Start-Remote -Names $Names -Block $HostBlock -Arguments @($List) -As $As }
    catch {
        if ($Names.Count -eq 1) {
            Add-Failure -Class $HostClasses -Target $Names[0] -Reason $_ -Tags @{ Computer = $Names[0] }
            return
        }
        foreach ($name in $Names) { Start-Batch -Names $name -List $List -As $As }
    }
}

function Wait-Batch {
    # Waits until all have answered, or the time for it is over.
    param([array] $Jobs, [int] $Count)
    $until = (Get-Date).AddSeconds($TimeoutSeconds * [math]::Ceiling($Count / $ThrottleLimit))
    while ((Get-Date) -lt $until) {
        $open = @($Jobs | ForEach-Object { $_.ChildJobs } | Where-Object { 'NotStarted', 'Running' -contains "$($_.State)" })
        Write-Progress -Id 1 -Activity 'Computers' -Status "$($Count - $open.Count) of $Count have answered" -PercentComplete (100 * ($Count - $open.Count) / $Count)
        if ($open.Count -eq 0) { return }
        $null = Wait-Job -Job $Jobs -Timeout 2
    }
}

function Read-Computer {
    # Asks all computers at the same time, this one without remoting.
    param([string[]] $Names)
    $wanted = @($HostClasses | Where-Object { Test-Wanted -Class $_ })
    if ($wanted.Count -eq 0) { return }
    $list = $wanted -join '|'
    foreach ($name in $Names) { Add-Work -Class $wanted -Target $name -Tags @{ Computer = $name } }
    $Manifest['HostsAsked'] = [object[]] @($Names)
    $batches = [ordered]@{}
    foreach ($name in $Names) {
        if (Test-LocalName -Name $name) {
            Write-Progress -Id 1 -Activity 'Computers' -Status $name
            $reason = $null
            $answer = @()
            try { $answer = @(& $HostBlock $list) }
            catch { $reason = $_ }
            Add-HostAnswer -Answer $answer -Target $name -Reason $reason
            continue
        }
        $as = Get-CredentialFor -Name $name
        $key = if ($null -eq $as) { '' } else { "$($as.UserName)" }
        if (-not $batches.Contains($key)) { $batches[$key] = @{ As = $as; Names = @() } }
        $batches[$key].Names += $name
    }
    $jobs = @(foreach ($batch in @($batches.Values)) { Start-Batch -Names $batch.Names -List $list -As $batch.As })
    if ($jobs.Count -eq 0) { return }
    $children = @($jobs | ForEach-Object { $_.ChildJobs })
    Wait-Batch -Jobs $jobs -Count $children.Count
    foreach ($child in $children) {
        $state = "$($child.State)"
        $got = Get-Remote -Job $child
        $reason = $null
        if ('NotStarted', 'Running' -contains $state) { $reason = "no answer within $TimeoutSeconds seconds; -TimeoutSeconds sets how long to wait" }
        elseif ($state -ne 'Completed') { $reason = if ($null -ne $got.Reason) { $got.Reason } else { "the remote session ended as $state" } }
        Add-HostAnswer -Answer $got.Answer -Target "$($child.Location)" -Reason $reason
    }
    foreach ($job in $jobs) {
        Stop-Job -Job $job
        $null = Receive-Job -Job $job -Wait -AutoRemoveJob -ErrorAction SilentlyContinue
    }
    Write-Progress -Id 1 -Activity 'Computers' -Completed
}

#% for DirectorySecurity
function Read-Target {
    # The permissions of the shared folders that task sequences name, as far as this computer may see them.
    $class = 'DirectorySecurity'
    if (-not (Test-Wanted -Class $class)) { return }
    $skip = @($SkipComputerName | ForEach-Object { ConvertTo-HostName -Name $_ })
    foreach ($path in @($Targets.Keys)) {
        $computer = ConvertTo-HostName -Name $path
        $tags = @{ Computer = $computer; Path = $path; Secures = 'folder' }
        if ($skip -contains $computer -or $skip -contains (Get-FirstLabel -Name $computer)) {
            Add-Failure -Class $class -Target $path -Reason 'left out, as -SkipComputerName asks' -Tags $tags -Quiet
            continue
        }
        Invoke-Work -Class $class -Target $path -Tags $tags -Read {
            $security = Get-FolderSecurity -Path $path
            Add-Row -Class $class -Row ([ordered]@{ Computer = $computer; Path = $path; Owner = $security.Owner; Sddl = $security.Sddl })
        }
    }
}
#% end
