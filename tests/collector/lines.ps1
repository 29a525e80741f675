# Runs printed lines over the stand-ins. -Lines is a JSON file: the line by the table it is for. Each is parsed by the real
# parser and run as it is pasted, `| Out-File` behind it; what it writes goes to OUTPUT/TABLE/, and what was wrong to
# OUTPUT/problems.json. -Fault is a pattern for what fails (standins/console.ps1). OUTPUT/collector is what the collector
# writes of the same estate.
param([Parameter(Mandatory)] [string] $Lines, [Parameter(Mandatory)] [string] $Output, [string] $Script, [string] $Fault)
$ErrorActionPreference = 'Stop'
. ([System.IO.Path]::Combine($PSScriptRoot, 'harness.ps1'))
$problems = [ordered]@{}
$given = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($Lines)) -AsHashtable
if ($Script) {
    $played = Invoke-Scenario -Name 'plain' -Text ([System.IO.File]::ReadAllText($Script)) -Folder ([System.IO.Path]::Combine($Output, 'collector'))
    if ($played.Problem) { $problems['collector'] = @($played.Problem) }
}
$consoleText = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($HarnessRoot, 'standins', 'console.ps1'))
. ([System.IO.Path]::Combine($HarnessRoot, 'standins', 'console.ps1'))
New-Estate -Folder $ExampleFolder
$World.StandinText = "$StandinText`n$consoleText"
Add-Cim -Class 'SMS_PackageBaseclass'
foreach ($status in @($World.Cim['CAS1|root\sms\site_CAS']['SMS_PackageStatusDistPointsSummarizer'])) { Add-Cim -Class 'SMS_PackageBaseclass' -Instance (New-Cim 'SMS_PackageBaseclass' ([ordered]@{ PackageID = $status.Get('PackageID'); PackageType = $status.Get('PackageType'); Name = 'invented' })) }
if ($Fault) { $World.Faults += @{ Match = $Fault; Message = 'Access is denied.' } }
$env:OS = 'Windows_NT'

foreach ($table in $given.Keys) {
    $line = $given[$table]
    $said = [System.Collections.Generic.List[string]]::new()
    $tokens = $null; $errors = $null
    $null = [System.Management.Automation.Language.Parser]::ParseInput($line, [ref] $tokens, [ref] $errors)
    foreach ($one in $errors) { $said.Add("$($one.Message)") }
    $LineFolder = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($Output, $table)).FullName
    # The collector itself is run by other tests.
    if ($errors.Count -eq 0 -and $line -notmatch '^cmlint ') {
        $text = $line.Replace('[Net.Dns]', '[Standin.Dns]')
        $hosts = if ($line -match '^secedit ') { @($World.Secedit.Keys | Sort-Object) } else { @('WS001') }
        foreach ($name in $hosts) {
            $env:COMPUTERNAME = $name
            # What a user has in the session is not what the tests have.
            $ErrorActionPreference = 'Continue'
            try {
                $answer = @(& ([scriptblock]::Create($text)) 2>&1)
                foreach ($record in @($answer | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })) { $said.Add("$record") }
                $answer = @($answer | Where-Object { $_ -isnot [System.Management.Automation.ErrorRecord] })
            }
            catch { $said.Add("$_"); $answer = @() }
            $ErrorActionPreference = 'Stop'
            if ($line -notmatch '^secedit ') { $answer | Out-File -FilePath ([System.IO.Path]::Combine($LineFolder, 'export.json')) }
        }
    }
    if ($said.Count -gt 0) { $problems[$table] = @($said) }
}
if ($null -ne $World.HostState) { $World.HostState.Dispose() }
[System.IO.File]::WriteAllText([System.IO.Path]::Combine($Output, 'problems.json'), (ConvertTo-Json -InputObject $problems -Depth 4))
