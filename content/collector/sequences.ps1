# ---------------------------------------------------------------------------------------------------------------------
# Task sequences

# What cmlint reads of the steps of a task sequence, with what kind of value it is.
$StepValues = @{
    #% step values
}

# The variables that a step or a collection sets and that name an account.
$AccountVariables = @(
    #% account variables
)

function Test-Name {
    # Whether a text is a name and no more: words, without what makes settings, arguments, places or messages of it,
    # and without what speaks of a password or looks like one.
    param([string] $Text)
    if ($Text.Length -gt 200 -or $Text -match '[\\="<>|@#$^*{}~`!]|:(?!\s|$)|\s[-/]\w|\p{C}') { return $false }
    if ($Text -match '(?i)\b(?:pw|pin|cred\w*|token|login|user)\b\W+\S*[\d\p{P}\p{S}]') { return $false }
    if (-not $SecretHint.IsMatch($Text)) { return $true }
    return -not ($SecretPattern.IsMatch($Text) -or @([regex]::Matches($Text, '\w+') | Where-Object { $SecretWordPattern.IsMatch($_.Value) }).Count -gt 0)
}

function Test-Value {
    # Whether a value that cmlint reads has the form that such a value has.
    param([string] $Kind, [string] $Text)
    if ($Text.Length -gt 300) { return $false }
    switch ($Kind) {
        'flag' { return $Text -match '^(true|false|yes|no|\d)$' }
        'domain' { return $Text -match '^[\w.%-]+$' }
        # Letters that no account name may have are left out.
        'account' { return $Text -match '^[^\p{C}"/\[\]:;|=,+*?<>]+$' -and $Text -notmatch '\s[-/]' }
        'path' { return $Text -match '^(?:[A-Za-z]:\\|\\\\|%)[^\p{C}<>:"|?*@;,=]*$' }
    }
    return $false
}

# What has been found out of names, kinds of values and command lines: the same ones come again and again.
$KnownNames = @{}
$KnownKinds = @{}
$KnownValues = @{}
$KnownCommands = @{}

function ConvertTo-Command {
    # What may be written of a command line: its program, and that it holds passwords, if it does.
    param([string] $Text)
    if ($KnownCommands.ContainsKey($Text)) { return $KnownCommands[$Text] }
    if ($KeepCommandLines) { $shown = Protect-Text -Text $Text }
    else {
        $program = ''
        $name = '([\w.-]{1,60}\.(?:exe|com|cmd|bat|msi|ps1|vbs|wsf))'
        if ($Text -match "^\s*(?:""(?:[^""<>|]*\\)?$name""|(?:[^""\s<>|]*\\)?$name(?=\s|$))") { $program = "$($Matches[1])$($Matches[2])" }
        $parts = @($program) + @(Get-Assigned -Text $Text | ForEach-Object { $_.Show } | Sort-Object -Unique)
        $shown = @($parts | Where-Object { $_ -ne '' }) -join ' '
    }
    $KnownCommands[$Text] = $shown
    return $shown
}

function Get-ValueKind {
    # What kind of value a variable of a step holds: one that cmlint reads, a password, or any other.
    param([string] $Name, [string] $Property)
    if ($Name -notmatch '^[\w.-]{0,128}$' -or $Property -notmatch '^[\w.-]{0,128}$') { return 'nothing' }
    foreach ($one in $Name, $Property) { if ($StepValues.ContainsKey($one)) { return $StepValues[$one] } }
    if ('VariableName', 'VariableValue', 'HiddenVariableValue' -contains $Name) { return $Name }
    if ($Name -eq 'DoNotShowVariableValue') { return 'flag' }
    if ((Test-SecretName -Name $Name) -or (Test-SecretName -Name $Property)) { return 'secret' }
    return 'other'
}

function Get-SetKind {
    # What kind of value the variable gets that a step sets.
    param([string] $Set, [string] $Kind)
    $account = $AccountVariables -contains $Set
    if ($Kind -eq 'HiddenVariableValue' -and $account) { throw "the value of $Set is hidden" }
    if ($Kind -eq 'HiddenVariableValue' -or $Set -eq '') { return 'nothing' }
    if ($account) { return 'account' }
    if (Test-SecretName -Name $Set) { return 'secret' }
    return 'nothing'
}

function Add-Variable {
    # Writes the variables of a step, or of the whole sequence, that may be written. Where a value that cmlint reads has
    # not the form of such a value, what else it may be is not known, and nothing of the step is written.
    param([System.Xml.XmlElement] $Step, [System.Text.StringBuilder] $Text, [string] $List)
    $set = ''
    $nodes = @(foreach ($node in $Step.GetElementsByTagName('variable')) {
            $above = $node.get_ParentNode()
            while ($above -ne $Step -and $above.get_LocalName() -ne 'condition') { $above = $above.get_ParentNode() }
            if ($above -ne $Step) { continue }
            if ($node.GetAttribute('name') -eq 'VariableName') { $set = $node.get_InnerText().Trim() }
            $node
        })
    $open = $false
    foreach ($node in $nodes) {
        $name = $node.GetAttribute('name')
        $property = $node.GetAttribute('property')
        $value = $node.get_InnerText().Trim()
        $key = "$name|$property"
        if (-not $KnownKinds.ContainsKey($key)) { $KnownKinds[$key] = Get-ValueKind -Name $name -Property $property }
        $kind = $KnownKinds[$key]
        if ($kind -eq 'VariableValue' -or $kind -eq 'HiddenVariableValue') { $kind = Get-SetKind -Set $set -Kind $kind }
        if ($kind -eq 'nothing' -or ($kind -eq 'VariableName' -and $value -notmatch '^[\w.-]{1,128}$')) { continue }
        if ($value -eq '') { if ($kind -eq 'other') { continue } }
        elseif ($kind -eq 'secret') { $value = Protect-Secret -Text $value }
        elseif ($kind -eq 'other') {
            # That it holds a password, if it does.
            $value = ConvertTo-Command -Text $value
            if (-not $KeepCommandLines -and -not $value.Contains($ClearMark)) { continue }
        }
        elseif ($kind -ne 'VariableName') {
            $key = "$kind|$value"
            if (-not $KnownValues.ContainsKey($key)) { $KnownValues[$key] = Test-Value -Kind $kind -Text $value }
            if (-not $KnownValues[$key]) { throw "$name does not look like the $kind that it should be" }
        }
        if ($kind -eq 'path' -and $value -match '^\\\\[^%]+$') { $Targets[($value -replace '\\[^\\]*\.wim$', '')] = $true }
        if (-not $open) { $null = $Text.Append("<$List>") }
        $open = $true
        $null = $Text.Append('<variable name="').Append($name)
        if ($property -ne '') { $null = $Text.Append('" property="').Append($property) }
        $null = $Text.Append('">').Append([System.Security.SecurityElement]::Escape($value)).Append('</variable>')
    }
    if ($open) { $null = $Text.Append("</$List>") }
}

function Add-SequenceNode {
    # Writes what may be written of groups and steps, and of what is in them. Properties are read by their methods: to
    # PowerShell an attribute or element of that name would come before them.
    param([System.Xml.XmlElement] $Node, [System.Text.StringBuilder] $Text, [System.Collections.Generic.List[string]] $Lost)
    foreach ($inner in $Node.get_ChildNodes()) {
        if ($inner -isnot [System.Xml.XmlElement]) { continue }
        $kind = $inner.get_LocalName()
        $mark = $Text.Length
        if ($kind -eq 'group') {
            $null = $Text.Append("<group$(Get-NodeAttribute -Node $inner)>")
            Add-SequenceNode -Node $inner -Text $Text -Lost $Lost
            $null = $Text.Append('</group>')
        }
        elseif ($kind -eq 'step' -or $kind -eq 'subtasksequence' -or $kind -eq 'globalVarList') {
            try {
                if ($kind -eq 'globalVarList') {
                    Add-Variable -Step $inner -Text $Text -List $kind
                    continue
                }
                $null = $Text.Append("<$kind$(Get-NodeAttribute -Node $inner)>")
                $action = $inner.get_Item('action')
                if ($null -ne $action) {
                    $command = $action.get_InnerText()
                    $command = ConvertTo-Command -Text $command.Trim()
                    $null = $Text.Append('<action>').Append([System.Security.SecurityElement]::Escape($command)).Append('</action>')
                }
                Add-Variable -Step $inner -Text $Text -List 'defaultVarList'
                $null = $Text.Append("</$kind>")
            }
            catch {
                $Text.Length = $mark
                $Lost.Add("$($_.Exception.Message)")
            }
        }
        elseif ($kind -ne 'condition') { Add-SequenceNode -Node $inner -Text $Text -Lost $Lost }
    }
}

function Get-NodeAttribute {
    # Type, name and switch of a step or group. A name that is more than a name is replaced by the step's number.
    param([System.Xml.XmlElement] $Node)
    $type = $Node.GetAttribute('type')
    $name = $Node.GetAttribute('name')
    $out = ''
    if ($type -match '^[\w.-]{1,100}$') { $out += " type=`"$type`"" }
    if (-not $KnownNames.ContainsKey($name)) { $KnownNames[$name] = Test-Name -Text $name }
    if (-not $KnownNames[$name]) { $name = "($($Node.get_LocalName()) $($Node.SelectNodes('preceding::step|preceding::group|ancestor::group').Count + 1))" }
    if ($Node.HasAttribute('name')) { $out += " name=`"$([System.Security.SecurityElement]::Escape($name))`"" }
    $disable = $Node.GetAttribute('disable')
    if ('true', 'false', '0', '1' -contains $disable) { $out += " disable=`"$disable`"" }
    return $out
}

function ConvertTo-Sequence {
    # A task sequence without anything that may be a password: structure, types, the values that cmlint reads.
    param([string] $Text)
    $settings = New-Object -TypeName System.Xml.XmlReaderSettings
    $settings.DtdProcessing = 'Prohibit'
    $settings.XmlResolver = $null
    $reader = [System.Xml.XmlReader]::Create((New-Object -TypeName System.IO.StringReader -ArgumentList $Text), $settings)
    $document = New-Object -TypeName System.Xml.XmlDocument
    $document.XmlResolver = $null
    try { $document.Load($reader) }
    # The message of the parser quotes the text.
    catch { throw 'the task sequence is not well-formed XML' }
    finally { $reader.Dispose() }
    $out = New-Object -TypeName System.Text.StringBuilder
    $lost = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $null = $out.Append('<sequence version="3.10">')
    Add-SequenceNode -Node $document.get_DocumentElement() -Text $out -Lost $lost
    $null = $out.Append('</sequence>')
    return @{ Text = $out.ToString(); Lost = $lost }
}
