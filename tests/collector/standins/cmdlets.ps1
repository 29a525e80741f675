# Stand-ins for cmdlets of Windows. They answer from $World, which estate.ps1 fills, and count what is asked. A fault is
# an entry of $World.Faults: @{ Match = pattern for HOST|namespace|class|operation; Message = ...; After = rows before }.

function Get-StandinShort { param([string] $Name) return ("$Name".Trim().TrimStart('\') -split '[.\\]')[0].ToUpperInvariant() }

function Get-StandinFault {
    param([string] $What)
    foreach ($fault in @($World.Faults)) { if ($What -match $fault.Match) { return $fault } }
    return $null
}

function New-StandinError {
    param([string] $Message, [string] $Id = 'Standin')
    return [System.Management.Automation.ErrorRecord]::new([Standin.CimException]::new($Message), $Id, 'NotSpecified', $null)
}

# --- CIM

function New-CimSessionOption { [CmdletBinding()] param([string] $Protocol, [switch] $UseSsl) return @{ Protocol = $Protocol; UseSsl = [bool] $UseSsl } }

function New-CimSession {
    [CmdletBinding()] param([string] $ComputerName, [uint32] $OperationTimeoutSec, $SessionOption, $Credential, [string] $Authentication, [int] $Port)
    $name = if ($ComputerName) { $ComputerName } else { $env:COMPUTERNAME }
    $protocol = if ($SessionOption -and $SessionOption.Protocol) { "$($SessionOption.Protocol)" } else { 'Wsman' }
    [Standin.Calls]::Add("cim.NewSession.$protocol")
    if ($null -ne $Credential) { [Standin.Calls]::Add("credential.$($Credential.UserName).$name") }
    $short = Get-StandinShort $name
    $fault = Get-StandinFault "$short|session|$protocol|connect"
    if ($null -eq $fault -and -not $World.Cim.Contains("$short|root\cimv2")) { $fault = @{ Message = 'The RPC server is unavailable.' } }
    if ($null -ne $fault) { $PSCmdlet.WriteError((New-StandinError $fault.Message)); return }
    return [Standin.CimSession]::new($name)
}

function Test-StandinWhere {
    # One comparison, or several joined by AND, of which each may be behind an alias.
    param([Standin.CimInstance] $Instance, [string] $Where)
    foreach ($part in [regex]::Matches($Where, "(?i)(?:\w+\.)?(\w+)\s*(=|<>|>)\s*('(?:[^'\\]|\\.)*'|[^\s]+)")) {
        $have = $Instance.Get($part.Groups[1].Value)
        $want = $part.Groups[3].Value
        if ($want.StartsWith("'")) { $want = $want.Substring(1, $want.Length - 2) -replace '\\(.)', '$1' }
        $holds = switch ($part.Groups[2].Value) { '=' { "$have" -eq $want } '<>' { "$have" -ne $want } '>' { [double] $have -gt [double] $want } }
        if (-not $holds) { return $false }
    }
    return $true
}

function Test-StandinChoice {
    # Comparisons joined by OR.
    param([Standin.CimInstance] $Instance, [string] $Where)
    if (-not $Where) { return $true }
    return @($Where -split '(?i)\s+OR\s+' | Where-Object { Test-StandinWhere -Instance $Instance -Where $_ }).Count -gt 0
}

function Get-StandinJoin {
    # SELECT a.X, b.Y FROM A AS a JOIN B AS b ON a.K = b.K WHERE ...: an object of A and one of B in one of no class of its
    # own, as the provider gives them.
    param([hashtable] $Space, [System.Text.RegularExpressions.Match] $Query)
    $left = $Query.Groups['a'].Value
    $right = $Query.Groups['b'].Value
    $wanted = @{ $left = @(); $right = @() }
    foreach ($column in $Query.Groups['columns'].Value -split ',') { $alias, $name = $column.Trim() -split '\.'; $wanted[$alias] += $name }
    $parts = @($Query.Groups['where'].Value -split '(?i)\s+AND\s+')
    $mine = @($parts | Where-Object { $_ -match "^[\s(]*$left\." })
    $other = @($parts | Where-Object { $_ -match "^[\s(]*$right\." })
    $key = $Query.Groups['key'].Value
    $byKey = @{}
    foreach ($instance in $Space[$Query.Groups['A'].Value]) { if (@($mine | Where-Object { -not (Test-StandinChoice $instance $_) }).Count -eq 0) { $byKey["$($instance.Get($key))"] = $instance } }
    foreach ($instance in $Space[$Query.Groups['B'].Value]) {
        $one = $byKey["$($instance.Get($key))"]
        if ($null -eq $one -or @($other | Where-Object { -not (Test-StandinChoice $instance $_) }).Count -gt 0) { continue }
        New-Cim '__GENERIC' ([ordered]@{ $left = $one.Listed($wanted[$left]); $right = $instance.Listed($wanted[$right]) })
    }
}

function Get-CimInstance {
    [CmdletBinding()]
    param($CimSession, [string] $Namespace = 'root\cimv2', [Parameter(Position = 0)][string] $ClassName, [string] $Filter, [string] $Query, $InputObject, [uint32] $OperationTimeoutSec)
    $computer = if ($null -ne $CimSession) { if ($CimSession.Closed) { throw [Standin.CimException]::new('The session is closed.') }; $CimSession.ComputerName } else { $env:COMPUTERNAME }
    $short = Get-StandinShort $computer
    $operation = 'list'
    $columns = $null
    $where = $Filter
    $join = $null
    $distinct = $false
    if ($null -ne $InputObject) {
        $operation = 'get'
        $ClassName = $InputObject.CimSystemProperties.ClassName
        $Namespace = 'instance'
    }
    elseif ($Query) {
        $operation = 'query'
        $parsed = [regex]::Match($Query, '(?i)^\s*SELECT\s+(?<distinct>DISTINCT\s+)?(?<columns>.+?)\s+FROM\s+(?<A>\w+)(?:\s+AS\s+(?<a>\w+)\s+JOIN\s+(?<B>\w+)\s+AS\s+(?<b>\w+)\s+ON\s+\w+\.(?<key>\w+)\s*=\s*\w+\.\w+)?(?:\s+WHERE\s+(?<where>.+))?$', 'ExplicitCapture')
        if (-not $parsed.Success) { throw [Standin.CimException]::new("Invalid query: $Query") }
        $ClassName = $parsed.Groups['A'].Value
        $distinct = $parsed.Groups['distinct'].Success
        if ($parsed.Groups['B'].Success) { $join = $parsed }
        $columns = @($parsed.Groups['columns'].Value -split ',' | ForEach-Object { $_.Trim() -replace '^\w+\.', '' })
        $where = $parsed.Groups['where'].Value
    }
    [Standin.Calls]::Add("cim.$operation.$ClassName")
    $fault = Get-StandinFault "$short|$Namespace|$ClassName|$operation"
    if ($null -ne $fault -and -not $fault.After) { $PSCmdlet.WriteError((New-StandinError $fault.Message)); return }
    if ($null -ne $InputObject) { return $InputObject.Fetched().Show() }
    $space = $World.Cim["$short|$Namespace"]
    if ($null -eq $space) { $PSCmdlet.WriteError((New-StandinError 'Invalid namespace ')); return }
    if (-not $space.Contains($ClassName)) { $PSCmdlet.WriteError((New-StandinError 'Invalid class ')); return }
    $given = 0
    $seen = @{}
    $found = if ($null -ne $join) { @(Get-StandinJoin -Space $space -Query $join) } else { $space[$ClassName] }
    foreach ($instance in $found) {
        if ($null -eq $join -and -not (Test-StandinChoice $instance $where)) { continue }
        if ($distinct) {
            $key = @($columns | ForEach-Object { "$($instance.Get($_))" }) -join '|'
            if ($seen.ContainsKey($key)) { continue }
            $seen[$key] = $true
        }
        if ($null -ne $fault -and $given -ge $fault.After) { $PSCmdlet.WriteError((New-StandinError $fault.Message)); return }
        $given++
        if ($null -ne $join) { $instance.Show() } else { $instance.Listed($columns).Show() }
    }
    [Standin.Calls]::Add("cim.rows.$ClassName", $given)
}

function Invoke-CimMethod {
    [CmdletBinding()] param([string] $Namespace, [string] $ClassName, [string] $MethodName)
    $fault = Get-StandinFault "$(Get-StandinShort $env:COMPUTERNAME)|$Namespace|$ClassName|$MethodName"
    if ($null -ne $fault) {
        if ($fault.ContainsKey('ReturnValue')) { return [pscustomobject]@{ ReturnValue = [uint32] $fault.ReturnValue; SD = $null } }
        $PSCmdlet.WriteError((New-StandinError $fault.Message)); return
    }
    [pscustomobject]@{ ReturnValue = [uint32] 0; SD = [Standin.RawSecurityDescriptor]::Bytes("$($World.NamespaceSddl)") }
}

# --- files, shares, the registry

function Get-Acl {
    [CmdletBinding()] param([string] $LiteralPath)
    $short = Get-StandinShort $env:COMPUTERNAME
    if ($LiteralPath -notmatch '^Microsoft\.PowerShell\.Core\\FileSystem::(.+)$') { $PSCmdlet.WriteError((New-StandinError 'The provider of the current location is no file system.')); return }
    $path = $Matches[1]
    $fault = Get-StandinFault "$short|acl|$path|get"
    $key = if ($path.StartsWith('\\')) { $path } else { "$short|$path" }
    if ($null -eq $fault -and -not $World.Acl.Contains($key)) { $fault = @{ Message = "Cannot find path '$path' because it does not exist." } }
    if ($null -ne $fault) { $PSCmdlet.WriteError((New-StandinError $fault.Message)); return }
    [pscustomobject] $World.Acl[$key]
}

function Set-Acl {
    [CmdletBinding()] param([string] $LiteralPath, $AclObject)
    $World.Secured[$LiteralPath] = $AclObject
}

function Get-SmbShare {
    [CmdletBinding()] param()
    $short = Get-StandinShort $env:COMPUTERNAME
    $fault = Get-StandinFault "$short|smb|share|list"
    if ($null -ne $fault) { $PSCmdlet.WriteError((New-StandinError $fault.Message)); return }
    foreach ($share in @($World.Shares[$short])) { if ($share) { [pscustomobject] $share } }
}

function Get-SmbShareAccess {
    [CmdletBinding()] param([string] $Name, [string] $ScopeName)
    $short = Get-StandinShort $env:COMPUTERNAME
    $fault = Get-StandinFault "$short|smb|$Name|access"
    if ($null -ne $fault) { $PSCmdlet.WriteError((New-StandinError $fault.Message)); return }
    foreach ($entry in @($World.ShareAccess["$short|$Name"])) { if ($entry) { [pscustomobject] $entry } }
}

function Test-Path {
    [CmdletBinding()] param([string] $LiteralPath)
    if ($LiteralPath -match '^HK(LM|CU):') { return $World.Registry.Contains("$(Get-StandinShort $env:COMPUTERNAME)|$LiteralPath") }
    return Microsoft.PowerShell.Management\Test-Path -LiteralPath $LiteralPath
}

function Get-ItemProperty {
    [CmdletBinding()] param([string] $LiteralPath)
    return [pscustomobject] $World.Registry["$(Get-StandinShort $env:COMPUTERNAME)|$LiteralPath"]
}

function Invoke-Secedit {
    # Takes the arguments of secedit.exe and writes what it does: a template in UTF-16.
    $file = $args[[array]::IndexOf($args, '/cfg') + 1]
    $log = $args[[array]::IndexOf($args, '/log') + 1]
    $short = Get-StandinShort $env:COMPUTERNAME
    $World.Templates += $file, $log
    [System.IO.File]::WriteAllText($log, 'log')
    $fault = Get-StandinFault "$short|secedit|export|run"
    $global:LASTEXITCODE = if ($null -ne $fault -and -not $fault.ContainsKey('Code')) { 1 } elseif ($null -ne $fault) { $fault.Code } else { 0 }
    $text = if ($null -eq $fault) { "$($World.Secedit[$short])" } elseif ($fault.ContainsKey('Text')) { $fault.Text } else { return }
    [System.IO.File]::WriteAllText($file, $text, [System.Text.Encoding]::Unicode)
}

# --- remoting: each computer in a runspace that knows nothing of the collector, with its name in the environment; what
# --- comes back has been serialised. Faults: HOST|remoting|host|run with a Kind.

function New-PSSessionOption { [CmdletBinding()] param([int] $OpenTimeout, [int] $OperationTimeout, [int] $CancelTimeout) return $PSBoundParameters }

function Get-StandinBlock {
    # What a computer runs: the block, and what a profile or a faulty computer puts around it.
    param([string] $Kind, [string] $Text)
    switch ($Kind) {
        'garbage' { return "'a banner of the profile'; [pscustomobject]@{ Other = 1 }; 42; Write-Warning 'something'; & {$Text} @args" }
        'onlygarbage' { return "'a banner'; 42" }
        'badrows' { return "[pscustomobject]@{ Class = 'LocalGroupMembers'; Json = '{broken' }; & {$Text} @args" }
        'empty' { return '' }
        'errors' { return "Write-Error 'profile error'; & {$Text} @args" }
        default { return $Text }
    }
}

function Invoke-Command {
    [CmdletBinding()]
    param([string[]] $ComputerName, [scriptblock] $ScriptBlock, [object[]] $ArgumentList, $SessionOption, [int] $ThrottleLimit, [switch] $AsJob, $Credential, [string] $Authentication, [switch] $UseSSL, [int] $Port)
    # As the real cmdlet: one name that is none stops all.
    foreach ($name in $ComputerName) {
        if ([uri]::CheckHostName($name) -eq [UriHostNameType]::Unknown) { $PSCmdlet.ThrowTerminatingError((New-StandinError 'One or more computer names are not valid. If you are trying to pass a URI, use the -ConnectionUri parameter, or pass URI objects instead of strings.')) }
    }
    $fault = Get-StandinFault "$($ComputerName.Count)|remoting|all|start"
    if ($null -ne $fault) { $PSCmdlet.ThrowTerminatingError((New-StandinError $fault.Message)) }
    $children = foreach ($name in $ComputerName) {
        [Standin.Calls]::Add('remoting.Session')
        if ($null -ne $Credential) { [Standin.Calls]::Add("credential.$($Credential.UserName).$name") }
        $short = Get-StandinShort $name
        $child = [pscustomobject]@{ Location = $name; State = 'Completed'; JobStateInfo = [pscustomobject]@{ Reason = $null }; Output = @(); Errors = @() }
        $fault = Get-StandinFault "$short|remoting|host|run"
        if ($null -eq $fault -and -not $World.Cim.Contains("$short|root\cimv2")) { $fault = @{ Kind = 'denied'; Message = "Connecting to remote server $name failed with the following error message : WinRM cannot complete the operation. Verify that the specified computer name is valid. For more information, see the about_Remote_Troubleshooting Help topic." } }
        $kind = if ($null -ne $fault) { $fault.Kind } else { '' }
        if ($kind -eq 'timeout') { $child.State = 'Running'; $child; continue }
        if ($kind -eq 'denied') {
            $reason = [System.Management.Automation.Remoting.PSRemotingTransportException]::new($fault.Message)
            $child.State = 'Failed'; $child.JobStateInfo.Reason = $reason
            $child.Errors = @([System.Management.Automation.ErrorRecord]::new($reason, 'WinRMOperation', 'OpenError', $name)); $child; continue
        }
        $before = $env:COMPUTERNAME
        $env:COMPUTERNAME = $short
        $shell = [powershell]::Create()
        try {
            if ($null -eq $World.HostState) {
                $World.HostState = [runspacefactory]::CreateRunspace([initialsessionstate]::CreateDefault2())
                $World.HostState.Open()
                $World.HostState.SessionStateProxy.SetVariable('World', $World)
                $shell.Runspace = $World.HostState
                $null = $shell.AddScript($World.StandinText).Invoke(); $shell.Commands.Clear()
            }
            $shell.Runspace = $World.HostState
            $shell.Streams.ClearStreams()
            $null = $shell.AddScript((Get-StandinBlock -Kind $kind -Text $ScriptBlock.ToString()), $true)
            foreach ($argument in $ArgumentList) { $null = $shell.AddArgument($argument) }
            try { $output = @($shell.Invoke()) }
            catch { $output = @(); $child.State = 'Failed'; $child.JobStateInfo.Reason = $_.Exception.InnerException; $child.Errors = @($_) }
            if ('dies', 'slow' -contains $kind) { $output = @($output | Select-Object -First $fault.After) }
            if ($kind -eq 'slow') { $child.State = 'Running' }
            if ($kind -eq 'dies') {
                $reason = [System.Management.Automation.Remoting.PSRemotingTransportException]::new($fault.Message)
                $child.State = 'Failed'; $child.JobStateInfo.Reason = $reason
                $child.Errors = @([System.Management.Automation.ErrorRecord]::new($reason, 'PSSessionStateBroken', 'OpenError', $name))
            }
            $child.Errors += @($shell.Streams.Error)
            $child.Output = @(foreach ($item in $output) { [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($item, 1)) })
        }
        finally { $env:COMPUTERNAME = $before; $shell.Dispose() }
        $child
    }
    $job = [pscustomobject]@{ StandinJob = $true; ChildJobs = @($children) }
    $World.Jobs++
    return $job
}

# Waiting costs no time here, but where a real process is to be stopped in it.
function Wait-Job { [CmdletBinding()] param($Job, [int] $Timeout) $World.Clock += $Timeout; if ($World.Contains('RealWait')) { Start-Sleep -Seconds $Timeout } }
function Get-Date { [CmdletBinding()] param() return [datetime]::Now.AddSeconds($World.Clock) }
function Stop-Job { [CmdletBinding()] param($Job) }
function Receive-Job {
    [CmdletBinding()] param($Job, [switch] $Wait, [switch] $AutoRemoveJob)
    if ($Job.PSObject.Properties['StandinJob']) { $World.Jobs--; return }
    foreach ($record in $Job.Errors) { $PSCmdlet.WriteError($record) }
    $Job.Output
}
