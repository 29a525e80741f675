# Runs the collector over the stand-ins. Dot-source it, then Invoke-Scenario; play.ps1 does so from the command line.
#
# The script is the one that cmlint prints; only the names of types that Windows alone has are replaced in it, all of
# which stand in content/collector/platform.ps1, and the cmdlets that it calls are functions here.
$ErrorActionPreference = 'Stop'
$HarnessRoot = $PSScriptRoot
$ExampleFolder = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($HarnessRoot, '..', '..', 'examples', 'contoso'))
# Compiled once for each state of the source.
$typeSource = [System.IO.Path]::Combine($HarnessRoot, 'standins', 'types.cs')
$built = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "cmlint-standins-$((Get-FileHash -LiteralPath $typeSource).Hash.Substring(0, 16)).dll")
if (-not ('Standin.Calls' -as [type])) {
    if (-not [System.IO.File]::Exists($built)) {
        $fresh = "$built.$PID"
        Add-Type -Path $typeSource -OutputAssembly $fresh -IgnoreWarnings -WarningAction SilentlyContinue
        [System.IO.File]::Move($fresh, $built, $true)
    }
    Add-Type -Path $built
}
$StandinText = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($HarnessRoot, 'standins', 'cmdlets.ps1'))
. ([System.IO.Path]::Combine($HarnessRoot, 'standins', 'cmdlets.ps1'))
. ([System.IO.Path]::Combine($HarnessRoot, 'estate.ps1'))
. ([System.IO.Path]::Combine($HarnessRoot, 'scenarios.ps1'))

$TypeNames = [ordered]@{
    '[Microsoft.Management.Infrastructure.CimInstance]' = '[Standin.CimInstance]'
    'System.DirectoryServices.DirectoryEntry' = 'Standin.DirectoryEntry'
    'System.DirectoryServices.ActiveDirectory.Forest' = 'Standin.Forest'
    'System.DirectoryServices.Protocols.LdapConnection' = 'Standin.LdapConnection'
    'System.Security.Principal.' = 'Standin.'
    'System.Security.AccessControl.' = 'Standin.'
    'System.Data.SqlClient.SqlConnection -ArgumentList' = 'Standin.SqlConnection -ArgumentList'
    '[System.Net.Dns]' = '[Standin.Dns]'
    '[System.IO.Directory]::Exists($Path)' = '[Standin.Directory]::Exists($Path)'
    '[System.IO.Directory]::GetDirectories($Path)' = '[Standin.Directory]::GetDirectories($Path)'
    '& "$env:SystemRoot\System32\secedit.exe"' = '& Invoke-Secedit'
}

function ConvertTo-StandinScript {
    # The printed script with stand-ins for the types of Windows.
    param([string] $Text)
    foreach ($key in $TypeNames.Keys) { $Text = $Text.Replace($key, $TypeNames[$key]) }
    return $Text
}

function Invoke-Scenario {
    # One scenario: what it wrote goes to the folder; what it said, called and left open is given back.
    param([string] $Name, [string] $Text, [string] $Folder, [hashtable] $More = @{})
    $case = $Scenarios[$Name]
    if ($null -eq $case) { throw "there is no scenario '$Name'" }
    if ($case.Contains('Edit')) { $Text = & $case.Edit $Text }
    $file = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "collect-$([guid]::NewGuid()).ps1")
    [System.IO.File]::WriteAllText($file, (ConvertTo-StandinScript -Text $Text))
    $kept = @{ COMPUTERNAME = $env:COMPUTERNAME; OS = $env:OS; SystemRoot = $env:SystemRoot }
    $env:COMPUTERNAME = 'CAS1'; $env:OS = 'Windows_NT'; $env:SystemRoot = 'C:\Windows'
    New-Estate -Folder $ExampleFolder
    if ($case.Contains('Arrange')) { $null = . $case.Arrange }
    [Standin.Calls]::Clear()
    [Standin.CimSession]::Live = 0
    [Standin.Ad]::Live = 0
    $parameters = @{ OutputFolder = $Folder; TimeoutSeconds = 10; SiteServer = 'cas1.contoso.com' }
    foreach ($table in $case['Parameters'], $More) { if ($null -ne $table) { foreach ($key in $table.Keys) { $parameters[$key] = $table[$key] } } }
    foreach ($key in @($parameters.Keys)) { if ($null -eq $parameters[$key]) { $parameters.Remove($key) } }
    # Whatever is written to the current folder of the process is astray.
    $astray = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "astray-$([guid]::NewGuid())")).FullName
    $before = [System.Environment]::CurrentDirectory
    [System.Environment]::CurrentDirectory = $astray
    $where = Get-Location
    $problem = $null
    $said = [System.Collections.Generic.List[object]]::new()
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    $ErrorActionPreference = 'Continue'
    $ProgressPreference = 'SilentlyContinue'
    try {
        if ($case.Contains('Before')) { . $case.Before }
        & $file @parameters *>&1 | ForEach-Object { $said.Add($_) }
    }
    catch { $problem = $_ }
    finally {
        Set-StrictMode -Off
        if ($case.Contains('After')) { . $case.After }
        Set-Location -LiteralPath $where.Path
        [System.Environment]::CurrentDirectory = $before
        foreach ($key in $kept.Keys) { [System.Environment]::SetEnvironmentVariable($key, $kept[$key]) }
        [System.IO.File]::Delete($file)
    }
    $strays = [System.IO.Directory]::GetFileSystemEntries($astray).Length
    [System.IO.Directory]::Delete($astray, $true)
    if ($null -ne $World.HostState) { $World.HostState.Dispose() }
    return [pscustomobject]@{
        Name = $Name
        Folder = $Folder
        Seconds = [math]::Round($clock.Elapsed.TotalSeconds, 2)
        Problem = if ($null -ne $problem) { "$($problem.Exception.Message) $($problem.ScriptStackTrace)" } else { $null }
        Said = @($said | ForEach-Object { if ($_ -is [System.Management.Automation.ErrorRecord]) { "ERROR: $_" } elseif ($_ -is [System.Management.Automation.WarningRecord]) { "WARNING: $_" } else { "$_" } })
        Calls = [System.Collections.Generic.SortedDictionary[string, long]]::new([Standin.Calls]::All)
        SessionsOpen = [Standin.CimSession]::Live
        DirectoryOpen = [Standin.Ad]::Live
        SqlOpen = [Standin.Sql]::Live
        JobsLeft = $World.Jobs
        Strays = $strays
        TemplatesLeft = @($World.Templates | Where-Object { [System.IO.File]::Exists($_) }).Count
        Secured = $World.Secured
    }
}

function Read-Rows {
    # The rows of a class that a scenario wrote; nothing if there is no such file.
    param([string] $Folder, [string] $Class)
    $file = [System.IO.Path]::Combine($Folder, "$Class.json")
    if (-not [System.IO.File]::Exists($file)) { return $null }
    return , @((ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($file)) -AsHashtable -DateKind String)[$Class])
}
