# Functions of the script, one by one.

BeforeAll {
    $file = [System.IO.Path]::Combine($env:SCENARIO_OUTPUT, 'collect.ps1')
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($file, [ref] $null, [ref] $null)
    $KeepCommandLines = $false
    # Everything but the block that is run and the parameters: the functions, and the lists they use.
    foreach ($statement in $tree.EndBlock.Statements) {
        if ($statement -is [System.Management.Automation.Language.FunctionDefinitionAst]) { . ([scriptblock]::Create($statement.Extent.Text)) }
        elseif ($statement -is [System.Management.Automation.Language.AssignmentStatementAst] -and $statement.Extent.StartLineNumber -lt @($tree.EndBlock.Statements | Where-Object { $_.Extent.Text.StartsWith('$HostBlock') })[0].Extent.StartLineNumber) { . ([scriptblock]::Create($statement.Extent.Text)) }
    }
}

Describe 'names of passwords' {
    It '<_> is one' -ForEach 'Password', 'OSDJoinPassword', 'SMSConnectNetworkFolderPassword', 'AdminPw', 'db_passwd', 'ClientSecret', 'LocalAdminCred', 'ProxyCred', 'ADMIN_PASS', 'PIN', 'ApiKey', 'AccountKey', 'Kennwort', 'contrasena', 'Reserved2', 'AccessToken', 'UserPwd' { Test-SecretName -Name $_ | Should -BeTrue }
    It '<_> is none' -ForEach 'PasswordLastSet', 'badPwdCount', 'HasPassword', 'PasswordNeverExpires', 'OSDRandomAdminPassword', 'UserName', 'Secretary', 'AccountUsage', 'Shipping', 'MinPasswordLength', 'NetworkOSPath', 'Compass', '__CLASS' { Test-SecretName -Name $_ | Should -BeFalse }
}

Describe 'passwords in a text' {
    It '<Text>' -ForEach @(
        @{ Text = 'setup.exe /password:Abc1! /q'; Safe = 'setup.exe /password:(clear-text-password-removed) /q' }
        @{ Text = 'x "Server=s;Uid=u;Pwd=Abc1!"'; Safe = 'x "Server=s;Uid=u;Pwd=(clear-text-password-removed)"' }
        @{ Text = 'x -Password "Abc 1!" -q'; Safe = 'x -Password (clear-text-password-removed) -q' }
        @{ Text = 'x -Password -Force'; Safe = 'x -Password -Force' }
        @{ Text = 'x /password:%Join%'; Safe = 'x /password:%Join%' }
        @{ Text = 'Forgot password: https://sspr.contoso.com'; Safe = 'Forgot password: https://sspr.contoso.com' }
        @{ Text = 'Set password: see ticket'; Safe = 'Set password: see ticket' }
        @{ Text = 'psexec \\h -u a -p Abc1! cmd'; Safe = 'psexec \\h -u a -p (clear-text-password-removed) cmd' }
        @{ Text = 'net use X: \\s\x Abc1! /user:a'; Safe = 'net use X: \\s\x (clear-text-password-removed) /user:a' }
        @{ Text = 'x --password=Abc1! pwd: Abc1! "secret" : "Abc1!"'; Safe = 'x --password=(clear-text-password-removed) pwd: Abc1! "secret" : (clear-text-password-removed)' }
        @{ Text = 'x /adminpassword   Abc1! /y'; Safe = 'x /adminpassword   (clear-text-password-removed) /y' }
        @{ Text = 'app https://u:Abc1!@h/x'; Safe = 'app https://(clear-text-password-removed)@h/x' }
    ) { Protect-Text -Text $Text | Should -Be $Safe }

    It 'of <Count> letters in <What> takes less than a tenth of a second' -ForEach @(foreach ($count in 10000, 50000) { foreach ($what in 'one word', 'words', 'digits', 'dashes', 'passwords', 'slashes', 'quotes', 'tags', 'switches', 'blanks', 'openings') { @{ Count = $count; What = $what } } }) {
        $text = switch ($What) { 'one word' { 'abcdefghij' * ($Count / 10) } 'words' { 'pass word ' * ($Count / 10) } 'digits' { 'x' + '0123456789' * ($Count / 10) } 'dashes' { '-' * $Count } 'passwords' { 'password10' * ($Count / 10) } 'slashes' { '\\a:b://c@' * ($Count / 9) } 'quotes' { "`"'" * ($Count / 2) } 'tags' { '<value' * ($Count / 6) } 'switches' { '/x -pin ' * ($Count / 8) } 'blanks' { 'x password' + ' ' * $Count } 'openings' { 'pass (' * ($Count / 6) } }
        # The first time, expressions are compiled; a busy machine gets ten tries, and only what is its own counts.
        $null = Protect-Text -Text $text.Substring(0, 1000)
        $best = 1..10 | ForEach-Object { $before = [System.Diagnostics.Process]::GetCurrentProcess().TotalProcessorTime; $null = Protect-Text -Text $text; ([System.Diagnostics.Process]::GetCurrentProcess().TotalProcessorTime - $before).TotalMilliseconds } | Measure-Object -Minimum
        $best.Minimum | Should -BeLessThan 100
    }
}

Describe 'names of steps' {
    It 'keeps <_>' -ForEach 'Apply Operating System', 'Join it''s & go', 'Install (x64), part 2', 'State: Restore', 'Restart in Windows PE / Full OS', 'Install Office 365 ProPlus' { Test-Name -Text $_ | Should -BeTrue }
    It 'does not keep <_>' -ForEach 'net use x: \\h\s Abc1! /user:a', 'password: Abc1!', 'Kennwort Abc1', 'pin 1234', 'x /y', 'a=b', 'Abc1!', 'cred: a1' { Test-Name -Text $_ | Should -BeFalse }
}

Describe 'values of steps' {
    It '<Kind> <Text> is <Is>' -ForEach @(
        @{ Kind = 'account'; Text = 'CONTOSO\svc-naa'; Is = $true }, @{ Kind = 'account'; Text = 'svc@contoso.com'; Is = $true }, @{ Kind = 'account'; Text = '%Domain%\svc'; Is = $true }, @{ Kind = 'account'; Text = 'a:b'; Is = $false }, @{ Kind = 'account'; Text = 'a /p b'; Is = $false },
        @{ Kind = 'path'; Text = '\\fs1\images$\a.wim'; Is = $true }, @{ Kind = 'path'; Text = 'D:\x y\z'; Is = $true }, @{ Kind = 'path'; Text = '%Share%\x'; Is = $true }, @{ Kind = 'path'; Text = '\\u:p@h\s'; Is = $false }, @{ Kind = 'path'; Text = 'secret'; Is = $false },
        @{ Kind = 'flag'; Text = 'true'; Is = $true }, @{ Kind = 'flag'; Text = 'Abc1!'; Is = $false }, @{ Kind = 'domain'; Text = 'contoso.com'; Is = $true }, @{ Kind = 'domain'; Text = 'a b'; Is = $false }
    ) { Test-Value -Kind $Kind -Text $Text | Should -Be $Is }
}

Describe 'command lines' {
    It '<Text> becomes <Shown>' -ForEach @(
        @{ Text = 'smsswd.exe /run:CAS00021 setup.exe /q'; Shown = 'smsswd.exe' }
        @{ Text = '"C:\Program Files\x\y.exe" /a'; Shown = 'y.exe' }
        @{ Text = 'tsenv.exe "OSDJoinPassword=Abc1!"'; Shown = 'tsenv.exe OSDJoinPassword=(clear-text-password-removed)' }
        @{ Text = 'psexec.exe \\h -p Abc1! x'; Shown = 'psexec.exe psexec -p (clear-text-password-removed)' }
        @{ Text = 'whatever it says'; Shown = '' }
    ) { ConvertTo-Command -Text $Text | Should -Be $Shown }
}

Describe 'names of computers' {
    It '<Text> is <Name>' -ForEach @(
        @{ Text = '\\DP01.contoso.com\'; Name = 'dp01.contoso.com' }, @{ Text = 'sql01.contoso.com,1433'; Name = 'sql01.contoso.com' }, @{ Text = 'tcp:sql01.contoso.com\INST,1433'; Name = 'sql01.contoso.com' }, @{ Text = 'sql01\INST'; Name = 'sql01' },
        @{ Text = 'host:5986'; Name = 'host' }, @{ Text = '[fe80::1]:5985'; Name = 'fe80::1' }, @{ Text = 'fe80::1'; Name = 'fe80::1' }, @{ Text = '10.0.0.5'; Name = '10.0.0.5' }, @{ Text = 'host.contoso.com.'; Name = 'host.contoso.com' }, @{ Text = '\\fs1\images$\x.wim'; Name = 'fs1' }
    ) { ConvertTo-HostName -Name $Text | Should -Be $Name }
    It 'the first part of an address is the address' { Get-FirstLabel -Name '10.0.0.5' | Should -Be '10.0.0.5' }
}

Describe 'lists' {
    It '<Text> has <Count> items' -ForEach @(@{ Text = @('a,b'); Count = 2 }, @{ Text = @('a', 'b'); Count = 2 }, @{ Text = @('a, b ,'); Count = 2 }, @{ Text = @("'a','b'"); Count = 2 }, @{ Text = @('"a";"b"'); Count = 2 }, @{ Text = @(''); Count = 0 }) { @(Get-ListItem -Text $Text).Count | Should -Be $Count }
    It 'what stands behind a blank belongs to the one list that was given' { (Resolve-Rest -Text 'b', 'c,d' -Lists 'ComputerName' -Known @()).Items | Should -Be ([string[]] ('b', 'c', 'd')) }
    It 'or is refused' { { Resolve-Rest -Text 'b' -Lists 'ComputerName', 'Domain' -Known @() } | Should -Throw '*it is not clear*' }
}

Describe 'the directory' {
    It 'the domain of <Dn> is <Dns>' -ForEach @(
        @{ Dn = 'CN=a,OU=b,DC=contoso,DC=com'; Dns = 'contoso.com' }, @{ Dn = 'CN=Doe\, DC=x,OU=b,DC=contoso,DC=com'; Dns = 'contoso.com' }, @{ Dn = 'CN=a\\,DC=contoso,DC=com'; Dns = 'contoso.com' }, @{ Dn = 'CN=a,DC=x,OU=b,DC=contoso,DC=com'; Dns = 'contoso.com' }, @{ Dn = 'CN=a'; Dns = '' }
    ) { ConvertTo-DnsName -Name $Dn | Should -Be $Dns }
    It 'filters are escaped' { Get-Escaped -Text 'a*(b)\' | Should -Be 'a\2a\28b\29\5c' }
    It 'identifiers are read from bytes' { ConvertTo-SidText -Bytes ([byte[]] (1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0)) | Should -Be 'S-1-5-32-544' }
}

Describe 'credentials' {
    BeforeAll {
        function New-Person { param([string] $Name) return [pscredential]::new($Name, (ConvertTo-SecureString -String 'x' -AsPlainText -Force)) }
        $Credential = @{ 'dmz1.fabrikam.com' = New-Person 'one'; 'fabrikam.com' = New-Person 'two'; '*' = New-Person 'three' }
    }
    It '<Name> is asked as <Who>' -ForEach @(@{ Name = 'dmz1.fabrikam.com'; Who = 'one' }, @{ Name = 'dmz2.fabrikam.com'; Who = 'two' }, @{ Name = 'fabrikam.com'; Who = 'two' }, @{ Name = 'cas1.contoso.com'; Who = 'three' }) { (Get-CredentialFor -Name $Name).UserName | Should -Be $Who }
}
