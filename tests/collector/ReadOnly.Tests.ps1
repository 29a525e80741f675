# The script, by its syntax tree: it calls only what is named here, all of which reads, but for the folder that it writes
# and the file of secedit; it is Windows PowerShell 5.1; its help says all; and its names do not get in each other's way.

BeforeAll {
    $file = [System.IO.Path]::Combine($env:SCENARIO_OUTPUT, 'collect.ps1')
    $tokens = $null
    $problems = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($file, [ref] $tokens, [ref] $problems)
    function Find-Node { param($Root, [string] $Kind) return $Root.FindAll({ param($node) $node.GetType().Name -eq $Kind }.GetNewClosure(), $true) }
    function Get-Place { param($Node) return "line $($Node.Extent.StartLineNumber): $($Node.Extent.Text -split "`n" | Select-Object -First 1)" }
    $functions = @{}
    foreach ($one in @(Find-Node $tree 'FunctionDefinitionAst')) { $functions[$one.Name] = $one }
    # The block that runs on other computers has functions of its own.
    $block = @($tree.EndBlock.Statements | Where-Object { $_.Extent.Text.StartsWith('$HostBlock = {') })[0]

    # Commands, with the parameters that may be given.
    $Commands = @{
        'Add-Type' = 'AssemblyName'
        'ConvertFrom-Json' = 'InputObject'
        'ConvertTo-Json' = 'InputObject', 'Depth', 'Compress'
        'ForEach-Object' = @()
        'Get-Acl' = 'LiteralPath'
        'Get-CimInstance' = 'CimSession', 'ClassName', 'Filter', 'InputObject', 'Namespace', 'OperationTimeoutSec', 'Query'
        'Get-Command' = 'Name', 'ErrorAction'
        'Get-Credential' = 'UserName', 'Message'
        'Get-Date' = @()
        'Get-Item' = 'LiteralPath'
        'Get-ItemProperty' = 'LiteralPath'
        'Get-Location' = 'PSProvider'
        'Get-ManagementRoleAssignment' = 'GetEffectiveUsers'
        'Get-PSDrive' = @()
        'Get-SmbShare' = @()
        'Get-SmbShareAccess' = 'Name', 'ScopeName'
        'Get-Variable' = 'Name', 'ValueOnly'
        # Only GetSD, see below.
        'Invoke-CimMethod' = 'ClassName', 'MethodName', 'Namespace'
        # Only the block for computers, see below.
        'Invoke-Command' = 'ComputerName', 'ScriptBlock', 'ArgumentList', 'SessionOption', 'ThrottleLimit', 'AsJob'
        'New-CimSession' = 'ComputerName', 'OperationTimeoutSec'
        'New-CimSessionOption' = 'Protocol', 'UseSsl'
        'New-Object' = 'TypeName', 'ArgumentList', 'Property'
        'New-PSSessionOption' = 'OpenTimeout', 'OperationTimeout', 'CancelTimeout'
        'Receive-Job' = 'Job', 'Wait', 'AutoRemoveJob', 'ErrorAction', 'ErrorVariable'
        'Select-Object' = 'First', 'Skip', 'Unique'
        # Only the new folder, see below.
        'Set-Acl' = 'LiteralPath', 'AclObject'
        'Sort-Object' = 'Unique', 'Property'
        # Its own jobs.
        'Stop-Job' = 'Job'
        'Test-Path' = 'LiteralPath'
        'Wait-Job' = 'Job', 'Timeout'
        'Where-Object' = @()
        'Write-Host' = @()
        'Write-Progress' = 'Id', 'Activity', 'Status', 'CurrentOperation', 'PercentComplete', 'Completed'
        'Write-Verbose' = 'Message'
        'Write-Warning' = 'Message'
    }
    # What is called by a variable or a path.
    $Called = '$HostBlock', '$Read', '$steps[$at].Step', '"$env:SystemRoot\System32\secedit.exe"'
    # Methods of .NET. Those that write are held to their one place below.
    $Methods = 'Add', 'AddAccessRule', 'AddSeconds', 'Append', 'Bind', 'Ceiling', 'CheckHostName', 'Clear', 'Close', 'Collect', 'Combine', 'Contains', 'ContainsKey', 'Create', 'CreateCommand', 'CreateDirectory', 'Delete', 'Dequeue', 'Dispose', 'EndsWith', 'Enqueue', 'Escape', 'ExecuteReader', 'Exists', 'FromFileTimeUtc', 'FromSeconds', 'get_ChildNodes', 'get_DocumentElement', 'get_InnerText', 'get_Item', 'get_LocalName', 'get_ParentNode', 'GetAttribute', 'GetCurrent', 'GetCurrentForest', 'GetDirectories', 'GetElementsByTagName', 'GetEnumerator', 'GetFileSystemEntries', 'GetFiles', 'GetHostEntry', 'GetHostName', 'GetName', 'GetNetworkCredential', 'GetSddlForm', 'GetTempPath', 'GetUnresolvedProviderPathFromPSPath', 'GetValue', 'GetValues', 'HasAttribute', 'IndexOf', 'Insert', 'Invoke', 'IsInRole', 'IsLetterOrDigit', 'IsMatch', 'IsPathRooted', 'LastIndexOf', 'Load', 'Match', 'Matches', 'Min', 'NewGuid', 'Open', 'Read', 'ReadAllLines', 'ReadAllText', 'Remove', 'Replace', 'SelectNodes', 'SendRequest', 'SetAccessRuleProtection', 'Split', 'StartsWith', 'Substring', 'ToArray', 'ToInt32', 'ToLowerInvariant', 'ToString', 'ToUInt16', 'ToUInt32', 'ToUniversalTime', 'Translate', 'Trim', 'TrimEnd', 'TrimStart', 'WriteAllText'
    $Types = 'array', 'bool', 'byte', 'byte[]', 'char', 'cultureinfo', 'datetime', 'double', 'enum', 'guid', 'hashtable', 'int', 'long', 'math', 'object', 'object[]', 'ordered', 'regex', 'scriptblock', 'string', 'string[]', 'switch', 'timespan', 'uri', 'valuetype', 'CmdletBinding', 'Parameter', 'ValidateRange', 'ValidateSet',
    'Microsoft.Management.Infrastructure.CimInstance', 'System.BitConverter', 'System.Collections.Generic.List', 'System.Collections.Generic.Queue', 'System.Collections.IDictionary', 'System.Collections.IEnumerable', 'System.Data.SqlClient.SqlConnection', 'System.Data.SqlClient.SqlConnectionStringBuilder', 'System.DBNull',
    'System.DirectoryServices.ActiveDirectory.Forest', 'System.DirectoryServices.DirectoryEntry', 'System.DirectoryServices.Protocols.LdapConnection', 'System.DirectoryServices.Protocols.LdapDirectoryIdentifier', 'System.DirectoryServices.Protocols.PageResultRequestControl', 'System.DirectoryServices.Protocols.SearchOptionsControl', 'System.DirectoryServices.Protocols.SearchRequest', 'System.DirectoryServices.Protocols.SecurityDescriptorFlagControl',
    'System.Environment', 'System.Exception', 'System.IO.Directory', 'System.IO.File', 'System.IO.Path', 'System.IO.StringReader', 'System.IO.UnixFileMode', 'System.Management.Automation.ErrorRecord', 'System.Net.Dns',
    'System.Security.AccessControl.AccessControlSections', 'System.Security.AccessControl.DirectorySecurity', 'System.Security.AccessControl.FileSystemAccessRule', 'System.Security.AccessControl.RawSecurityDescriptor', 'System.Security.Principal.NTAccount', 'System.Security.Principal.SecurityIdentifier', 'System.Security.Principal.WindowsBuiltInRole', 'System.Security.Principal.WindowsIdentity', 'System.Security.Principal.WindowsPrincipal',
    'System.GC', 'System.Security.SecurityElement', 'System.Text.RegularExpressions.RegexOptions', 'System.Text.StringBuilder', 'System.Text.UTF8Encoding', 'System.Xml.XmlDocument', 'System.Xml.XmlElement', 'System.Xml.XmlReader', 'System.Xml.XmlReaderSettings', 'PSObject'
}

Describe 'the script' {
    It 'is PowerShell' { $problems | Should -BeNullOrEmpty }

    It 'is Windows PowerShell 5.1' {
        foreach ($kind in 'TernaryExpressionAst', 'PipelineChainAst', 'UsingStatementAst', 'TypeDefinitionAst') { @(Find-Node $tree $kind | ForEach-Object { Get-Place $_ }) | Should -BeNullOrEmpty -Because $kind }
        @($tokens | Where-Object { 'QuestionDot', 'QuestionLBracket', 'QuestionQuestion', 'QuestionQuestionEquals', 'AndAnd', 'OrOr' -contains "$($_.Kind)" } | ForEach-Object { $_.Extent.Text }) | Should -BeNullOrEmpty
        @($tree.FindAll({ param($node) $node -is [System.Management.Automation.Language.MemberExpressionAst] -and $node.PSObject.Properties['NullConditional'] -and $node.NullConditional }, $true)) | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText($file) | Should -Not -Match '[^\x0a\x20-\x7e]' -Because 'a file without a mark is read in the code page of the computer'
    }

    It 'calls only what is allowed, and allows only what is called' {
        $used = @{}
        foreach ($command in @(Find-Node $tree 'CommandAst')) {
            $name = $command.GetCommandName()
            if ($null -eq $name -or $command.InvocationOperator -ne 'Unknown') {
                $Called | Should -Contain $command.CommandElements[0].Extent.Text -Because (Get-Place $command)
                continue
            }
            $given = @($command.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] } | ForEach-Object { $_.ParameterName })
            if ($functions.ContainsKey($name)) {
                $known = @(if ($functions[$name].Body.ParamBlock) { $functions[$name].Body.ParamBlock.Parameters | ForEach-Object { $_.Name.VariablePath.UserPath } })
                foreach ($parameter in $given) { $known | Should -Contain $parameter -Because (Get-Place $command) }
                continue
            }
            $Commands.Keys | Should -Contain $name -Because (Get-Place $command)
            foreach ($parameter in $given) { $Commands[$name] | Should -Contain $parameter -Because (Get-Place $command); $used["$name $parameter"] = $true }
            $used[$name] = $true
        }
        foreach ($name in $Commands.Keys) {
            $used.ContainsKey($name) | Should -BeTrue -Because "$name is called"
            foreach ($parameter in @($Commands[$name])) { $used.ContainsKey("$name $parameter") | Should -BeTrue -Because "$name -$parameter is used" }
        }
        @($used.Keys | Where-Object { $_ -match '^(Remove|Clear|Enable|Disable|Start|Restart|Register|Import|Export|Move|Rename|Copy|Push|Update|Out)-' }) | Should -BeNullOrEmpty
    }

    It 'calls only methods that read, and those that write in one place each' {
        $used = @{}
        foreach ($call in @(Find-Node $tree 'InvokeMemberExpressionAst')) {
            $name = "$($call.Member.Value)"
            $Methods | Should -Contain $name -Because (Get-Place $call)
            $used[$name] = @($used[$name] | Where-Object { $_ }) + $call.Extent.Text
        }
        foreach ($name in $Methods) { $used.ContainsKey($name) | Should -BeTrue -Because "$name is called" }
        @($used['Delete'] | Sort-Object -Unique) | Should -Be ([string[]] ('[System.IO.File]::Delete($file)', '[System.IO.File]::Delete($log)'))
        $used['WriteAllText'].Count | Should -Be 1
        @($used['CreateDirectory'] | Where-Object { $_ -notlike '`[System.IO.Directory`]::CreateDirectory($Path*' }) | Should -BeNullOrEmpty
        @($used['Invoke'] | Sort-Object -Unique) | Should -Be '$entry.psbase.Invoke(''Members'')'
        # Requests to a directory are searches.
        @($used['SendRequest']).Count | Should -Be 1
        $text = $functions['Search-Ldap'].Extent.Text
        $text | Should -Match '\$request = New-Object -TypeName System\.DirectoryServices\.Protocols\.SearchRequest'
        @([regex]::Matches($text, '\$request = ')).Count | Should -Be 1
        # Queries are those that stand in the script, and read.
        @($used['ExecuteReader']).Count | Should -Be 1
        foreach ($constant in @($tree.FindAll({ param($node) $node -is [System.Management.Automation.Language.StringConstantExpressionAst] -or $node -is [System.Management.Automation.Language.ExpandableStringExpressionAst] }, $true) | Where-Object { $_.Value -cmatch '^SELECT ' })) { $constant.Value | Should -Not -Match '(?i)\b(INSERT|UPDATE|DELETE|EXEC|EXECUTE|CREATE|ALTER|DROP|INTO|GRANT|DENY|REVOKE)\b(?!.*DEFINITION'')|;' }
    }

    It 'uses only these types' {
        foreach ($node in @($tree.FindAll({ param($node) $node -is [System.Management.Automation.Language.TypeExpressionAst] -or $node -is [System.Management.Automation.Language.TypeConstraintAst] -or $node -is [System.Management.Automation.Language.AttributeAst] }, $true))) {
            $Types | Should -Contain ($node.TypeName.FullName -replace '\[.+\]$', $(if ($node.TypeName.FullName -match '\[\]$') { '[]' } else { '' })) -Because (Get-Place $node)
        }
        foreach ($command in @(Find-Node $tree 'CommandAst' | Where-Object { $_.GetCommandName() -eq 'New-Object' })) {
            $Types | Should -Contain ("$($command.CommandElements[2].Value)" -replace '\[.+\]$', '') -Because (Get-Place $command)
        }
    }

    It 'makes each exception for one thing' {
        $text = [System.IO.File]::ReadAllText($file)
        foreach ($one in @(
                @('Invoke-CimMethod', "-ClassName '__SystemSecurity' -MethodName 'GetSD'"), @('Invoke-Command', '-ScriptBlock $Block'), @('Set-Acl', '-LiteralPath $made'),
                @('secedit.exe"', '/export /areas USER_RIGHTS /cfg $file /log $log /quiet'))) {
            $lines = @($text -split "`n" | Where-Object { $_ -notmatch '^\s*#' -and $_.Contains("$($one[0]) ") } | ForEach-Object { $_.Trim() } | Sort-Object -Unique)
            $lines.Count | Should -Be 1 -Because $one[0]
            $lines[0] | Should -Match ([regex]::Escape($one[1]))
        }
        @(Find-Node $tree 'CommandAst' | Where-Object { $_.GetCommandName() -eq 'Start-Remote' } | ForEach-Object { $_.Extent.Text }) | Should -Be 'Start-Remote -Names $Names -Block $HostBlock -Arguments @($List) -As $As'
    }

    It 'runs nothing of itself on another computer but the block' {
        $inside = @($block.FindAll({ param($node) $node -is [System.Management.Automation.Language.FunctionDefinitionAst] }, $true) | ForEach-Object { $_.Name })
        foreach ($command in @($block.FindAll({ param($node) $node -is [System.Management.Automation.Language.CommandAst] }, $true))) {
            $name = $command.GetCommandName()
            if ($null -ne $name -and $functions.ContainsKey($name)) { $inside | Should -Contain $name -Because (Get-Place $command) }
        }
        # Nor does it look at variables from outside.
        $given = @('_', 'null', 'true', 'false', 'Matches', 'LASTEXITCODE', 'ExecutionContext') + @($block.FindAll({ param($node) $node -is [System.Management.Automation.Language.ParameterAst] }, $true) | ForEach-Object { $_.Name.VariablePath.UserPath }) + @($block.FindAll({ param($node) $node -is [System.Management.Automation.Language.AssignmentStatementAst] }, $true) | ForEach-Object { $_.Left.FindAll({ param($node) $node -is [System.Management.Automation.Language.VariableExpressionAst] }, $true) } | ForEach-Object { $_.VariablePath.UserPath }) + @($block.FindAll({ param($node) $node -is [System.Management.Automation.Language.ForEachStatementAst] }, $true) | ForEach-Object { $_.Variable.VariablePath.UserPath })
        foreach ($variable in @($block.Right.FindAll({ param($node) $node -is [System.Management.Automation.Language.VariableExpressionAst] }, $true))) {
            if ($variable.VariablePath.IsDriveQualified) { continue }
            $given | Should -Contain $variable.VariablePath.UserPath -Because (Get-Place $variable)
        }
    }

    It 'gives every function an approved verb' {
        $approved = @(Get-Verb | ForEach-Object { $_.Verb })
        foreach ($name in $functions.Keys) { $approved | Should -Contain ($name -split '-')[0] -Because $name; $name | Should -Match '^[A-Z][a-z]+-[A-Z]\w+$' }
    }

    It 'has no function that nobody can hold in his head' {
        foreach ($one in $functions.Values) { ($one.Extent.EndLineNumber - $one.Extent.StartLineNumber) | Should -BeLessThan 80 -Because $one.Name }
    }

    It 'hides no name of the whole script behind one of a function' {
        $top = @{}
        foreach ($parameter in $tree.ParamBlock.Parameters) { $top[$parameter.Name.VariablePath.UserPath] = $true }
        foreach ($statement in @($tree.EndBlock.Statements | Where-Object { $_ -is [System.Management.Automation.Language.AssignmentStatementAst] })) { foreach ($variable in @(Find-Node $statement.Left 'VariableExpressionAst')) { $top[$variable.VariablePath.UserPath] = $true } }
        $top.Remove('null')
        # Set in the block, where nothing of the script is.
        'ErrorActionPreference', 'WhatIfPreference' | ForEach-Object { $top.Remove($_) }
        foreach ($function in $functions.Values) {
            $own = @(if ($function.Body.ParamBlock) { $function.Body.ParamBlock.Parameters | ForEach-Object { $_.Name.VariablePath.UserPath } })
            $own += @($function.FindAll({ param($node) $node -is [System.Management.Automation.Language.ForEachStatementAst] }, $true) | ForEach-Object { $_.Variable.VariablePath.UserPath })
            foreach ($assignment in @(Find-Node $function 'AssignmentStatementAst')) {
                $left = $assignment.Left
                while ($left -is [System.Management.Automation.Language.ConvertExpressionAst]) { $left = $left.Child }
                $own += @(if ($left -is [System.Management.Automation.Language.ArrayLiteralAst]) { $left.Elements } else { $left }) | Where-Object { $_ -is [System.Management.Automation.Language.VariableExpressionAst] } | ForEach-Object { $_.VariablePath.UserPath }
            }
            @($own | Where-Object { $top.ContainsKey($_) }) | Should -BeNullOrEmpty -Because $function.Name
        }
    }

    It 'keeps what only Windows has in one file' {
        $folder = [System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'content', 'collector')
        foreach ($part in [System.IO.Directory]::GetFiles($folder, '*.ps1')) {
            if ($part -like '*platform.ps1') { continue }
            $code = @([System.IO.File]::ReadAllLines($part) | Where-Object { $_ -notmatch '^\s*#' }) -join "`n"
            $code | Should -Not -Match 'Get-CimInstance|New-CimSession|Invoke-Command|DirectoryServices|SqlClient|Get-Acl|Set-Acl|Get-Smb|Get-ItemProperty|Test-Path|secedit\.exe|System\.Security\.(Principal|AccessControl)|Infrastructure\.CimInstance' -Because $part
        }
    }
}

Describe 'its help' {
    BeforeAll { $help = Get-Help -Name $file -Full }
    It 'explains every parameter, and no other' {
        $names = @($tree.ParamBlock.Parameters | ForEach-Object { $_.Name.VariablePath.UserPath } | Sort-Object)
        $explained = @([regex]::Matches([System.IO.File]::ReadAllText($file), '(?m)^\.PARAMETER (\w+)$') | ForEach-Object { $_.Groups[1].Value } | Sort-Object)
        $explained | Should -Be $names
        foreach ($parameter in $help.parameters.parameter) { "$($parameter.description.Text)" | Should -Not -BeNullOrEmpty -Because $parameter.name }
    }
    It 'is shown' { $help.Synopsis | Should -Match 'Read only'; @($help.examples.example).Count | Should -BeGreaterOrEqual 4 }
    It 'takes no value by its place' { $tree.ParamBlock.Attributes[0].Extent.Text | Should -Be '[CmdletBinding(PositionalBinding = $false)]' }
}
