# Plays scenarios for tests/collector/run: each into a folder of its own, with what it said and called beside it as
# NAME.result.json. Several of these run side by side: -Part 1 -Of 2 takes every second one.
param([Parameter(Mandatory)] [string] $Script, [Parameter(Mandatory)] [string] $Output, [string] $Scenario = 'all', [int] $Part = 1, [int] $Of = 1)
$ErrorActionPreference = 'Stop'
. ([System.IO.Path]::Combine($PSScriptRoot, 'harness.ps1'))
$text = [System.IO.File]::ReadAllText($Script)
$names = if ($Scenario -eq 'all') { @($Scenarios.Keys) } else { @($Scenario -split ',') }
for ($at = $Part - 1; $at -lt $names.Count; $at += $Of) {
    $name = $names[$at]
    $result = Invoke-Scenario -Name $name -Text $text -Folder ([System.IO.Path]::Combine($Output, $name))
    # What a scenario left on the heap is not the next one's.
    [System.GC]::Collect()
    $result | Add-Member -NotePropertyName 'PeakMiB' -NotePropertyValue ([math]::Round([System.Diagnostics.Process]::GetCurrentProcess().PeakWorkingSet64 / 1MB))
    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($Output, "$name.result.json"), (ConvertTo-Json -InputObject $result -Depth 6))
}
