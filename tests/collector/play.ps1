# Plays scenarios: each into a folder of its own, with what it said and called beside it as NAME.result.json. Several of
# these run side by side: -Part 1 -Of 2 takes every second one. For a look by hand:
#
#     pwsh -NoProfile -File tests/collector/play.ps1 -Script collect.ps1 -Scenario plain,host-timeout -Output out -Show
param([Parameter(Mandatory)] [string] $Script, [Parameter(Mandatory)] [string] $Output, [string] $Scenario = 'all', [int] $Part = 1, [int] $Of = 1, [switch] $Show)
$ErrorActionPreference = 'Stop'
$Output = [System.IO.Path]::GetFullPath($Output)
$null = [System.IO.Directory]::CreateDirectory($Output)
. ([System.IO.Path]::Combine($PSScriptRoot, 'harness.ps1'))
$text = [System.IO.File]::ReadAllText($Script)
$names = @(if ($Scenario -eq 'all') { $Scenarios.Keys } else { $Scenario -split ',' })
for ($at = $Part - 1; $at -lt $names.Count; $at += $Of) {
    $name = $names[$at]
    $result = Invoke-Scenario -Name $name -Text $text -Folder ([System.IO.Path]::Combine($Output, $name))
    # What a scenario left on the heap is not the next one's.
    [System.GC]::Collect()
    $result | Add-Member -NotePropertyName 'PeakMiB' -NotePropertyValue ([math]::Round([System.Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 / 1MB))
    if ($Show) {
        $result.Said
        ($result.Calls.GetEnumerator() | ForEach-Object { "$($_.Key)=$($_.Value)" }) -join ' '
        "$name`: $($result.Seconds) s, $($result.PeakMiB) MiB, left open: $($result.SessionsOpen) sessions, $($result.DirectoryOpen) of the directory, $($result.SqlOpen) of SQL Server, $($result.JobsLeft) jobs. $($result.Problem)"
    }
    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($Output, "$name.result.json"), (ConvertTo-Json -InputObject $result -Depth 6))
}
