# How it can be started and stopped: as a process of its own, from anywhere, with lists in every spelling.

BeforeAll {
    . ([System.IO.Path]::Combine($PSScriptRoot, 'harness.ps1'))
    $text = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($env:SCENARIO_OUTPUT, 'collect.ps1'))
    $pwsh = [System.Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
    $space = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($env:SCENARIO_OUTPUT, '.start')).FullName

    function New-Runner {
        # A script that stands in the estate and then is the collector, so that it can be started with -File.
        param([string] $Arrange = '', [string] $Path = '')
        $file = if ($Path) { $Path } else { [System.IO.Path]::Combine($space, "run-$([guid]::NewGuid()).ps1") }
        $body = ConvertTo-StandinScript -Text $text
        $prelude = ". '$($HarnessRoot)/harness.ps1'; `$env:COMPUTERNAME = 'CAS1'; `$env:OS = 'Windows_NT'; `$env:SystemRoot = 'C:\Windows'; `$ProgressPreference = 'SilentlyContinue'; New-Estate -Folder '$ExampleFolder'; $Arrange"
        # Behind the parameters, before anything else.
        $at = $body.IndexOf("`n)`n", $body.IndexOf("`nparam(")) + 3
        [System.IO.File]::WriteAllText($file, $body.Substring(0, $at) + "`n$prelude`n" + $body.Substring($at))
        return $file
    }
    function Start-Runner {
        param([string[]] $Arguments, [string] $Folder = $space)
        $start = [System.Diagnostics.ProcessStartInfo]::new($pwsh)
        foreach ($argument in @('-NoProfile', '-NonInteractive') + $Arguments) { $start.ArgumentList.Add($argument) }
        $start.WorkingDirectory = $Folder
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardError = $true
        return [System.Diagnostics.Process]::Start($start)
    }
    function Get-Said { param($Process) $out = $Process.StandardOutput.ReadToEndAsync(); $err = $Process.StandardError.ReadToEndAsync(); $Process.WaitForExit(); return "$($out.Result)$($err.Result)" }
}

Describe 'as a process of its own' {
    It 'takes lists as <Spelling>' -ForEach @(
        @{ Spelling = '-Table a,b'; Words = @('-Table', 'user_rights,local_groups') }
        @{ Spelling = '-Table a b'; Words = @('-Table', 'user_rights', 'local_groups') }
        @{ Spelling = "-Table 'a','b'"; Words = @('-Table', "'user_rights','local_groups'") }
        @{ Spelling = '-Table a, b'; Words = @('-Table', 'user_rights,', 'local_groups') }
    ) {
        $folder = [System.IO.Path]::Combine($space, [guid]::NewGuid())
        $said = Get-Said (Start-Runner -Arguments (@('-File', (New-Runner), '-SkipHosts', '-SkipDirectory', '-SkipSql', '-OutputFolder', $folder) + $Words))
        $said | Should -Match 'next: cmlint check'
        (Read-Rows -Folder $folder -Class 'CollectorManifest')[0].Parameters.Table | Should -Be ([string[]] ('user_rights', 'local_groups'))
    }
    It 'refuses what it cannot understand, and writes nothing' -ForEach @(
        @{ Words = @('-Tabel', 'user_rights'); Told = 'there is no parameter -Tabel' }, @{ Words = @('-WhatIf'); Told = 'there is no parameter -WhatIf' }, @{ Words = @('-Table', 'a', '-Table', 'b'); Told = 'specified more than once' }, @{ Words = @('-TimeoutSeconds', '5'); Told = 'TimeoutSeconds' }
    ) {
        $folder = [System.IO.Path]::Combine($space, [guid]::NewGuid())
        $process = Start-Runner -Arguments (@('-File', (New-Runner), '-OutputFolder', $folder) + $Words)
        (Get-Said $process) -replace '\s+', ' ' | Should -Match $Told
        $process.ExitCode | Should -Not -Be 0
        [System.IO.Directory]::Exists($folder) | Should -BeFalse
    }
    It 'writes to a new folder below where it was started, also from a drive without folders' {
        $folder = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($space, [guid]::NewGuid())).FullName
        $runner = New-Runner
        $null = Get-Said (Start-Runner -Folder $folder -Arguments '-Command', "Set-Location Env:; & '$runner' -SkipHosts -SkipDirectory -SkipSql -Table sites; & '$runner' -SkipHosts -SkipDirectory -SkipSql -Table sites -OutputFolder given")
        @([System.IO.Directory]::GetDirectories($folder) | ForEach-Object { [System.IO.Path]::GetFileName($_) -replace '\d{8}-\d{6}', 'TIME' } | Sort-Object) | Should -Be ([string[]] ('cmlint-evidence-TIME', 'given'))
    }
    It 'says at once that a limited language mode is in the way, and how out of it' {
        $file = [System.IO.Path]::Combine($space, 'plain.ps1')
        [System.IO.File]::WriteAllText($file, $text)
        $folder = [System.IO.Path]::Combine($space, [guid]::NewGuid())
        $said = Get-Said (Start-Runner -Arguments '-Command', "`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; & '$file' -OutputFolder '$folder'")
        $said -replace '\s+', ' ' | Should -Match 'ConstrainedLanguage mode.*Sign this script'
        [System.IO.Directory]::Exists($folder) | Should -BeFalse
    }
    It 'warns whoever is no administrator' {
        $folder = [System.IO.Path]::Combine($space, [guid]::NewGuid())
        Get-Said (Start-Runner -Arguments '-File', (New-Runner -Arrange '[Standin.WindowsIdentity]::Elevated = $false'), '-OutputFolder', $folder, '-Table', 'local_groups', '-SkipDirectory') | Should -Match 'Run as administrator'
    }
    It 'takes credentials by host and domain' {
        $folder = [System.IO.Path]::Combine($space, [guid]::NewGuid())
        $runner = New-Runner
        $said = Get-Said (Start-Runner -Arguments '-Command', "function New-Person { param(`$n) [pscredential]::new(`$n, (ConvertTo-SecureString 'x' -AsPlainText -Force)) }; & '$runner' -OutputFolder '$folder' -Table local_groups -SkipDirectory -Credential @{ 'sup1.contoso.com' = (New-Person 'dmz'); '*' = (New-Person 'all') }; [Standin.Calls]::All.Keys | Where-Object { `$_ -like 'credential*' }")
        $said | Should -Match 'credential\.dmz\.sup1\.contoso\.com'
        $said | Should -Match 'credential\.all\.mp01\.contoso\.com'
        $said | Should -Not -Match 'credential\.dmz\.mp01'
        [System.IO.File]::ReadAllText([System.IO.Path]::Combine($folder, 'CollectorManifest.json')) | Should -Not -Match '"(dmz|all)"'
    }
}

Describe 'the way of a new administrator' {
    It 'leads to a report with what could not be reached and what to do, as the README has it' {
        $readme = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'README.md'))
        $block = [regex]::Match($readme, '(?s)### Collecting what is checked.*?```console\n(.*?)```').Groups[1].Value
        $steps = @($block.Trim() -split "`n" | ForEach-Object { ($_ -replace '\s+#.*$', '').Trim() })
        $steps.Count | Should -Be 3
        $folder = [System.IO.Directory]::CreateDirectory([System.IO.Path]::Combine($space, [guid]::NewGuid())).FullName
        $steps[0] | Should -BeLike '$ cmlint collect --output collect.ps1'
        $script = [System.IO.Path]::Combine($folder, 'collect.ps1')
        & $env:CMLINT collect --output $script
        [System.IO.File]::ReadAllText($script) | Should -Be $text
        # The same script, in the estate.
        $null = New-Runner -Path $script
        $said = Get-Said (Start-Runner -Folder $folder -Arguments '-Command', ($steps[1] -replace '^PS> ', ''))
        $said | Should -Match 'not p02-old\.contoso\.com'
        $made = @([System.IO.Directory]::GetDirectories($folder))
        [System.IO.Path]::GetFileName($made[0]) | Should -Match '^cmlint-evidence-\d{8}-\d{6}$'
        $steps[2] | Should -Match '^\$ cmlint check cmlint-evidence-\d{8}-\d{6}/$'
        $report = (& $env:CMLINT check $made[0] 2>&1 | Out-String) -replace '\s+', ' '
        $report | Should -Match 'the collector failed on p02-old\.contoso\.com: .{0,400}enable PowerShell remoting there'
    }
}

Describe 'stopped with Ctrl-C' -Skip:($IsWindows) {
    It 'says of everything that it did not come to' {
        $folder = [System.IO.Path]::Combine($space, [guid]::NewGuid())
        $process = Start-Runner -Arguments '-File', (New-Runner -Arrange '$World.RealWait = $true; Add-Fault ''^SUP1\|remoting'' '''' @{ Kind = ''timeout'' }'), '-OutputFolder', $folder, '-SiteServer', 'cas1.contoso.com'
        # The manifest is there from the beginning; the wait for the computer is reached a while later.
        $until = [datetime]::Now.AddSeconds(120)
        while (-not [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'CollectorManifest.json')) -and [datetime]::Now -lt $until) { Start-Sleep -Milliseconds 200 }
        (Read-Rows -Folder $folder -Class 'CollectorManifest')[0].Finished | Should -BeFalse
        # Also if it were killed now.
        Start-Sleep -Milliseconds 500
        @((Read-Rows -Folder $folder -Class 'CollectorReport') | Where-Object { $_.Class -eq 'SMS_TaskSequencePackage' }).Count | Should -Be 1
        Start-Sleep -Seconds 25
        & /bin/kill -INT $process.Id
        $said = Get-Said $process
        $said | Should -Match 'Stopped after'
        $manifest = (Read-Rows -Folder $folder -Class 'CollectorManifest')[0]
        $manifest.Finished | Should -BeFalse
        $report = Read-Rows -Folder $folder -Class 'CollectorReport'
        @($report | Where-Object { $_.Reason -match 'not come to' -and $_.Class -eq 'ADUser' }).Count | Should -BeGreaterThan 0
        @($report | Where-Object { $_.Reason -match 'not come to' -and $_.Class -eq 'SqlPrincipal' }).Count | Should -BeGreaterThan 0
        @($report | Where-Object { $_.Class -eq 'LocalGroupMembers' -and $_.Computer -eq 'sup1.contoso.com' }).Count | Should -Be 1
        @([System.IO.Directory]::GetFiles($folder)).Count | Should -BeGreaterThan 20
    }
}
