# ---------------------------------------------------------------------------------------------------------------------
# Rows, what is planned, and what could not be read

# What stands in the place of a password: one that is encrypted, one that anyone could read.
$ProtectedMark = '********'
$ClearMark = '(clear-text-password-removed)'

# Rows by class, each as JSON.
$Rows = @{}

# What could not be read, written as CollectorReport.
$Failures = New-Object -TypeName 'System.Collections.Generic.List[object]'

# What is to be read and was not yet, by class and target: what is left here at the end was not come to.
$Planned = [ordered]@{}

# The targets that the console has been told of.
$Told = @{}

# The shared folders that task sequences write to or connect to.
$Targets = [ordered]@{}

# How far this came, written as CollectorManifest.
$Manifest = [ordered]@{}

function Test-Wanted {
    # Whether any of the classes is to be collected.
    param([string[]] $Class)
    foreach ($name in $Class) {
        if (-not $TablesOfClass.ContainsKey($name)) { continue }
        if ($Table.Count -eq 0) { return $true }
        foreach ($one in @($TablesOfClass[$name])) {
            if ($Table -contains $one) { return $true }
        }
    }
    return $false
}

function Add-Class {
    # Says that a class was read, even if there is nothing of it.
    param([string] $Class)
    if (-not $Rows.ContainsKey($Class)) {
        $Rows[$Class] = New-Object -TypeName 'System.Collections.Generic.List[string]'
    }
}

function Add-Json {
    param([string] $Class, [string] $Json)
    Add-Class -Class $Class
    $Rows[$Class].Add($Json)
}

function Add-Row {
    param([string] $Class, [System.Collections.IDictionary] $Row)
    Add-Json -Class $Class -Json (ConvertTo-Json -InputObject $Row -Depth 30 -Compress)
}

function Get-Value {
    # A property that may be missing.
    param($Object, [string] $Name)
    if ($null -eq $Object) { return $null }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return $property.Value
}

function Test-EncryptedText {
    # Whether a text is an encrypted value, as far as its form tells.
    param([string] $Text)
    return $Text -match '^\s*([0-9A-Fa-f]{32,}|01000000D08C9DDF[0-9A-Fa-f]*|0000000001000000[0-9A-Fa-f]*|AQAAANCMnd8\S*|\{AES\}\S*|<PolicySecret[\s\S]*)\s*$'
}

function ConvertTo-Plain {
    # A text, number, date or switch, or a list of them. Anything else is left out.
    param($Value)
    if ($null -eq $Value) { return $null }
    if ($Value -is [string] -or $Value -is [char]) {
        if (Test-EncryptedText -Text "$Value") { return $ProtectedMark }
        return "$Value"
    }
    if ($Value -is [datetime]) { return $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture) }
    if ($Value -is [enum] -or $Value -is [timespan] -or $Value -is [guid]) { return "$Value" }
    if ($Value -is [valuetype]) { return $Value }
    if ($Value -is [byte[]]) { return $null }
    if ($Value -is [System.Collections.IEnumerable]) {
        $list = New-Object -TypeName 'System.Collections.Generic.List[object]'
        foreach ($item in $Value) { $list.Add((ConvertTo-Plain -Value $item)) }
        return , $list.ToArray()
    }
    return $null
}

function Get-Advice {
    # What to do about a reason; nothing where it says so itself, or nothing can be said.
    param([string] $Text)
    if ($Text -match '(?i)access (is |was )?denied|0x80070005|unauthorized') { return 'run this as a local administrator of that computer, or give -Credential' }
    if ($Text -match '(?i)winrm|wsman|remote_troubleshooting') { return 'enable PowerShell remoting there (Enable-PSRemoting, ports 5985 and 5986), or see -Credential, -Authentication and -UseSSL' }
    if ($Text -match '(?i)rpc server') { return 'the computer is off, or a firewall stands between' }
    if ($Text -match '(?i)login failed|cannot open database') { return 'give whoever runs this a login with VIEW ANY DEFINITION' }
    if ($Text -match '(?i)ldap server is unavailable|not operational|could not be contacted') { return 'check the name and the way to a domain controller, or give -Server' }
    return ''
}

function Get-Reason {
    # The message of an error, on one line, with what to do about it.
    param($Problem)
    $text = "$Problem"
    if ($Problem -is [System.Management.Automation.ErrorRecord]) { $text = $Problem.Exception.Message }
    elseif ($Problem -is [System.Exception]) { $text = $Problem.Message }
    # What a method of .NET throws comes wrapped.
    if ($text -match '^Exception calling "[^"]*" with "\d+" argument\(s\): "([\s\S]*)"$') { $text = $Matches[1] }
    $text = ($text -replace '\s+', ' ').Trim()
    if ($text -eq '') { $text = 'unknown error' }
    $advice = Get-Advice -Text $text
    if ($advice -eq '') { return $text }
    return "$($text.TrimEnd('.')); $advice"
}

function Add-Failure {
    # Writes down what could not be read. Tags are what is known of the rows that are missing. What was planned of it
    # is settled with that. The console is told once of each target; of what was left out on purpose it is not.
    param([string[]] $Class, [string] $Target, $Reason, [System.Collections.IDictionary] $Tags = @{}, [switch] $Quiet)
    $text = Get-Reason -Problem $Reason
    $any = $false
    foreach ($name in $Class) {
        if ($Planned.Contains("$name|$Target")) { $Planned.Remove("$name|$Target") }
        if (-not (Test-Wanted -Class $name)) { continue }
        $any = $true
        $row = [ordered]@{ Class = $name; Table = @($TablesOfClass[$name]); Target = $Target; Reason = $text }
        foreach ($key in @($Tags.Keys | Sort-Object)) { $row[$key] = $Tags[$key] }
        $Failures.Add($row)
    }
    if (-not $any) { return }
    if ($Quiet -or $Told.ContainsKey($Target)) { Write-Verbose -Message "${Target}: $text" }
    else { Write-Warning -Message "${Target}: $text" }
    $Told[$Target] = $true
}

function Add-Work {
    # Writes down what is going to be read, before it is.
    param([string[]] $Class, [string] $Target, [System.Collections.IDictionary] $Tags = @{})
    foreach ($name in $Class) {
        if (Test-Wanted -Class $name) { $Planned["$name|$Target"] = @{ Class = $name; Target = $Target; Tags = $Tags } }
    }
}

function Close-Work {
    # Says that it was read, or that others stand for it now.
    param([string[]] $Class, [string] $Target)
    foreach ($name in $Class) {
        if ($Planned.Contains("$name|$Target")) { $Planned.Remove("$name|$Target") }
    }
}

function Invoke-Work {
    # Reads what was planned: what goes wrong in it becomes a failure of these classes, and nothing else stops. Where
    # the whole run is stopped within, it stays planned.
    param([string[]] $Class, [string] $Target, [System.Collections.IDictionary] $Tags = @{}, [scriptblock] $Read)
    Add-Work -Class $Class -Target $Target -Tags $Tags
    try { & $Read }
    catch {
        # What was read within before is settled.
        $open = @($Class | Where-Object { $Planned.Contains("$_|$Target") })
        if ($open.Count -gt 0) { Add-Failure -Class $open -Target $Target -Reason $_ -Tags $Tags }
    }
    Close-Work -Class $Class -Target $Target
}

function Add-Left {
    # Makes failures of what was planned and not come to.
    param([string] $Reason)
    foreach ($work in @($Planned.Values)) {
        Add-Failure -Class $work.Class -Target $work.Target -Reason $Reason -Tags $work.Tags -Quiet
    }
}
