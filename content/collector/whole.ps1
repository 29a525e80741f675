# ---------------------------------------------------------------------------------------------------------------------
# The whole

function Get-Folder {
    # The folder to write to: new, or empty. A relative path counts from the current folder, also where the session
    # stands on a drive without folders.
    $path = $OutputFolder
    if (-not $path) { $path = 'cmlint-evidence-' + (Get-Date).ToString('yyyyMMdd-HHmmss', [cultureinfo]::InvariantCulture) }
    if (-not [System.IO.Path]::IsPathRooted($path) -and $path -notmatch '^[\w-]+:') { $path = [System.IO.Path]::Combine((Get-Location -PSProvider FileSystem).ProviderPath, $path) }
    else { $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path) }
    if (-not [System.IO.Directory]::Exists($path)) { return (Initialize-Directory -Path $path) }
    if ([System.IO.Directory]::GetFileSystemEntries($path).Length -gt 0) { throw "the folder $path is not empty; name a new one with -OutputFolder" }
    return $path
}

function Write-Class {
    # One file: an object with the name of the class and its rows, in UTF-8 without a byte order mark.
    param([string] $Path, [string] $Class, $Lines)
    $text = New-Object -TypeName System.Text.StringBuilder
    $null = $text.Append("{`"$Class`":[")
    $number = 0
    foreach ($json in $Lines) {
        if ($number -gt 0) { $null = $text.Append(',') }
        $null = $text.Append("`n").Append($json)
        $number++
    }
    $null = $text.Append("`n]}`n")
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($Path, "$Class.json"), $text.ToString(), $encoding)
}

function Write-Manifest {
    param([string] $Path, [bool] $Whole)
    $Manifest['Ended'] = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    $Manifest['Finished'] = $Whole
    $Manifest['Classes'] = [object[]] @($Rows.Keys | Sort-Object)
    $Manifest['Failures'] = $Failures.Count
    Write-Class -Path $Path -Class 'CollectorManifest' -Lines @(ConvertTo-Json -InputObject $Manifest -Depth 10 -Compress)
}

function Write-Folder {
    # A file for each class, with what could not be read first and how far this came last: whatever ends this within,
    # what is missing is said to be.
    param([string] $Path, [bool] $Whole)
    $report = @(foreach ($failure in $Failures) {
            # Whether there is nothing of the class in this folder.
            $failure['Whole'] = -not $Rows.ContainsKey($failure['Class'])
            ConvertTo-Json -InputObject $failure -Depth 10 -Compress
        })
    Write-Class -Path $Path -Class 'CollectorReport' -Lines $report
    foreach ($class in @($Rows.Keys | Sort-Object)) { Write-Class -Path $Path -Class $class -Lines $Rows[$class] }
    Write-Manifest -Path $Path -Whole $Whole
}

function Write-Plan {
    # What is going to be read, as failures: what holds if this is ended without a chance to say anything.
    param([string] $Path)
    $lines = @(foreach ($work in @($Planned.Values)) {
            $row = [ordered]@{ Class = $work.Class; Table = @($TablesOfClass[$work.Class]); Target = $work.Target; Reason = 'not come to: the run was ended'; Whole = $true }
            ConvertTo-Json -InputObject $row -Depth 10 -Compress
        })
    Write-Class -Path $Path -Class 'CollectorReport' -Lines $lines
}

function Get-Summary {
    # What was collected, what was not, and what to do next.
    param([string] $Path, [bool] $Whole)
    $lost = @($Manifest['HostsAsked'] | Where-Object { $Manifest['HostsReached'] -notcontains $_ })
    $text = "$(if ($Whole) { 'Collected' } else { 'Stopped after' }) $($Rows.Count) classes"
    if ($Manifest['HostsAsked'].Count -gt 0) { $text += ", $($Manifest['HostsAsked'].Count - $lost.Count) hosts of $($Manifest['HostsAsked'].Count)" }
    if ($lost.Count -gt 0) { $text += " (not $(@($lost | Select-Object -First 5) -join ', ')$(if ($lost.Count -gt 5) { ', ...' }))" }
    $text += "; $($Failures.Count) failures$(if ($Failures.Count -gt 0) { ', see CollectorReport.json' })"
    return "$text; next: cmlint check `"$Path`""
}

function Add-Skipped {
    # What the parameters leave out is not read, which has to be said.
    if ($DirectoryOnly) {
        Add-Failure -Class $SiteClasses -Target 'the site' -Reason 'left out, as -DirectoryOnly asks' -Quiet
        Add-Failure -Class 'ManagementRoleAssignment' -Target 'Exchange' -Reason 'left out, as -DirectoryOnly asks' -Quiet
    }
    if ($DirectoryOnly -or $SkipHosts) { Add-Failure -Class $HostClasses -Target 'the computers' -Reason 'left out, as the parameters ask' -Quiet }
    if ($DirectoryOnly -or $SkipSql) { Add-Failure -Class $SqlClasses -Target 'the databases' -Reason 'left out, as the parameters ask' -Quiet }
    if ($SkipDirectory) { Add-Failure -Class $DomainClasses -Target 'the domains' -Reason 'left out, as -SkipDirectory asks' -Tags @{ Secures = 'directory' } -Quiet }
}

function Initialize-Manifest {
    # Who asks what, when and where.
    param([System.Collections.IDictionary] $Bound)
    $who = Get-Identity
    $parameters = [ordered]@{}
    foreach ($name in @($Bound.Keys | Where-Object { 'Credential', 'Rest' -notcontains $_ } | Sort-Object)) {
        $value = $Bound[$name]
        if ($value -is [array] -and $value.Count -eq 0) { continue }
        if ($value -is [array]) { $parameters[$name] = [object[]] $value }
        elseif ($value -is [switch]) { $parameters[$name] = [bool] $value }
        else { $parameters[$name] = $value }
    }
    $Manifest['Version'] = $ScriptVersion
    $Manifest['Started'] = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture)
    $Manifest['Ended'] = $null
    $Manifest['Finished'] = $false
    $Manifest['Computer'] = Get-HostName
    $Manifest['User'] = $who.Name
    $Manifest['Elevated'] = $who.Elevated
    $Manifest['PowerShell'] = "$($PSVersionTable.PSVersion)"
    $Manifest['Parameters'] = $parameters
    foreach ($name in 'SiteServer', 'SiteCode') { $Manifest[$name] = '' }
    foreach ($name in 'Scopes', 'Domains', 'HostsAsked', 'HostsReached', 'DatabasesRead') { $Manifest[$name] = @() }
}

function Read-Everything {
    # All stages. Each stands on its own: what goes wrong in one is a failure of what it would have read.
    $site = $null
    $computers = @($ComputerName)
    $domains = [ordered]@{}
    try {
        #% for $SiteClasses $HostClasses $SqlClasses
        if (-not $DirectoryOnly) {
            Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'site'
            $provider = Find-SiteServer
            try {
                $site = Connect-Site -Name $provider
                Close-Work -Class $SiteClasses -Target 'the site'
                $Manifest['SiteServer'] = $site.Server
                $Manifest['SiteCode'] = $site.Code
                Add-Work -Class $SiteClasses -Target $site.Server
            }
            catch { Add-Failure -Class $SiteClasses -Target $provider -Reason $_ }
            if ($null -ne $site) {
                #% for $SiteClasses
                Invoke-Work -Class $SiteClasses -Target $site.Server -Read { Read-Site -Site $site }
                #% end
                Close-Work -Class $SiteClasses -Target $site.Server
            }
            Close-Work -Class $SiteClasses -Target 'the site'
        }
        #% end
        #% for ManagementRoleAssignment
        if (-not $DirectoryOnly) { Read-Exchange }
        #% end
        #% for $DomainClasses $HostClasses
        if (-not $SkipDirectory -and (Test-Wanted -Class ($DomainClasses + $HostClasses))) {
            Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'domains'
            Invoke-Work -Class $DomainClasses -Target 'the domains' -Tags @{ Secures = 'directory' } -Read { foreach ($one in (Get-Domain).GetEnumerator()) { $domains[$one.Key] = $one.Value } }
        }
        #% end
        #% for $HostClasses
        if (-not $SkipHosts -and -not $DirectoryOnly) {
            Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'computers'
            Invoke-Work -Class $HostClasses -Target 'the computers' -Read { Read-Network -Site $site -Computers $computers -Domains $domains }
        }
        #% end
        #% for $SqlClasses
        if (-not $SkipSql -and -not $DirectoryOnly) {
            Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'SQL Server'
            Invoke-Work -Class $SqlClasses -Target 'the databases' -Read { Read-Sql -Site $site }
        }
        #% end
        #% for $DomainClasses
        # Last, since it looks up the accounts that all others named.
        if (-not $SkipDirectory) {
            Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'Active Directory'
            Invoke-Work -Class $DomainClasses -Target 'the domains' -Tags @{ Secures = 'directory' } -Read { Read-Directory -Domains $domains }
        }
        #% end
    }
    finally {
        #% for $SiteClasses $HostClasses $SqlClasses
        if ($null -ne $site) { $site.Session.Close() }
        #% end
        #% for $DomainClasses $HostClasses
        Close-Directory
        #% end
    }
}

#% for $HostClasses
function Read-Network {
    # The computers that the site and its domains name, and those that were asked for.
    param($Site, [string[]] $Computers, [System.Collections.IDictionary] $Domains)
    $complete = $false
    $names = @($Computers)
    if ($null -ne $Site) {
        $known = Get-NamedComputer -Site $Site
        $complete = $known.Complete
        $names += @($Site.Providers) + @($known.Names)
    }
    if (-not $complete) { Add-Failure -Class $HostClasses -Target 'the computers' -Reason 'which computers the site has is not known' }
    # One domain controller of each domain: their user rights are the same.
    foreach ($info in @($Domains.Values)) { $names += $info.Controller }
    Read-Computer -Names @(Get-HostList -Names $names)
    #% for DirectorySecurity
    Read-Target
    #% end
}
#% end

foreach ($name in 'ComputerName', 'SkipComputerName', 'Domain', 'Table') { $PSBoundParameters[$name] = [string[]] @(Get-ListItem -Text (Get-Variable -Name $name -ValueOnly)) }
$Collected = @($TablesOfClass.Values | ForEach-Object { $_ } | Sort-Object -Unique)
$given = @('ComputerName', 'SkipComputerName', 'Domain', 'Table' | Where-Object { $PSBoundParameters[$_].Count -gt 0 })
$further = Resolve-Rest -Text $Rest -Lists $given -Known $Collected
if ($null -ne $further) { $PSBoundParameters[$further.Parameter] = [string[]] (@($PSBoundParameters[$further.Parameter]) + @($further.Items)) }
$ComputerName = $PSBoundParameters['ComputerName']
$SkipComputerName = $PSBoundParameters['SkipComputerName']
$Domain = $PSBoundParameters['Domain']
$Table = $PSBoundParameters['Table']
foreach ($one in $Table) {
    if ($Collected -notcontains $one) { throw "there is no evidence table '$one' that this script collects" }
}
if ($Credential -is [string]) { $Credential = Get-Credential -UserName $Credential -Message 'cmlint collect' }
$folder = Get-Folder
$finished = $false
try {
    Initialize-Manifest -Bound $PSBoundParameters
    Write-Manifest -Path $folder -Whole $false
    if ((Test-Windows) -and -not $Manifest['Elevated'] -and -not $SkipHosts -and -not $DirectoryOnly) {
        Write-Warning -Message 'this PowerShell is not run as an administrator: local groups, user rights and folders of this computer may not be readable; start it with "Run as administrator"'
    }
    Add-Work -Class $SiteClasses -Target 'the site'
    Add-Work -Class 'ManagementRoleAssignment' -Target 'Exchange'
    Add-Work -Class $HostClasses -Target 'the computers'
    Add-Work -Class $SqlClasses -Target 'the databases'
    Add-Work -Class $DomainClasses -Target 'the domains' -Tags @{ Secures = 'directory' }
    Write-Plan -Path $folder
    Add-Skipped
    Read-Everything
    $finished = $true
}
catch {
    Write-Warning -Message "the run ended early: $(Get-Reason -Problem $_)"
    Add-Left -Reason "not come to: $(Get-Reason -Problem $_)"
}
finally {
    # What there is, is kept, even if this is stopped.
    Add-Left -Reason 'not come to: the run was stopped'
    Write-Folder -Path $folder -Whole $finished
    Write-Progress -Id 0 -Activity 'cmlint collect' -Completed
    Write-Host (Get-Summary -Path $folder -Whole $finished)
}
Get-Item -LiteralPath $folder
