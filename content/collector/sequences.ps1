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

function Get-Escape {
    # A text as it stands in XML. What XML cannot hold is left out.
    param([string] $Text)
    $clean = $Text -replace '[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]', ''
    return $clean.Replace('&', '&amp;').Replace('<', '&lt;').Replace('>', '&gt;').Replace('"', '&quot;')
}

function ConvertTo-Command {
    # What may be written of a command line: its program, and that it holds passwords, if it does.
    param([string] $Text)
    if ($KeepCommandLines) { return (Protect-Text -Text $Text) }
    $program = ''
    $name = '([\w.-]{1,60}\.(?:exe|com|cmd|bat|msi|ps1|vbs|wsf))'
    if ($Text -match "^\s*(?:""(?:[^""<>|]*\\)?$name""|(?:[^""\s<>|]*\\)?$name(?=\s|$))") { $program = "$($Matches[1])$($Matches[2])" }
    $parts = @($program) + @(Get-Assigned -Text $Text | ForEach-Object { $_.Show } | Sort-Object -Unique)
    return (@($parts | Where-Object { $_ -ne '' }) -join ' ')
}

function Get-StepVariable {
    # The variables of a step that are written: name, property, text. Nothing where a value that cmlint reads has not
    # the form of such a value, for what else it may be is not known.
    param([System.Xml.XmlElement] $Step)
    $nodes = @($Step.SelectNodes('.//variable[not(ancestor::condition)]'))
    $set = ''
    foreach ($node in $nodes) { if ($node.GetAttribute('name') -eq 'VariableName') { $set = $node.InnerText.Trim() } }
    foreach ($node in $nodes) {
        $name = $node.GetAttribute('name')
        $property = $node.GetAttribute('property')
        $text = $node.InnerText.Trim()
        $kind = if ($StepValues.ContainsKey($name)) { $StepValues[$name] } elseif ($StepValues.ContainsKey($property)) { $StepValues[$property] } else { '' }
        if ($name -match '^(Hidden)?VariableValue$' -and $set -ne '') {
            if ($name -eq 'HiddenVariableValue') { $kind = if ($AccountVariables -contains $set) { throw "the value of $set is hidden" } else { 'nothing' } }
            elseif (Test-SecretName -Name $set) { $kind = 'secret' }
            else { $kind = if ($AccountVariables -contains $set) { 'account' } else { 'nothing' } }
        }
        elseif ($name -eq 'VariableName') { $kind = if ($text -match '^[\w.-]{1,128}$') { 'name' } else { 'nothing' } }
        elseif ($name -eq 'DoNotShowVariableValue') { $kind = 'flag' }
        elseif ($kind -eq '' -and ((Test-SecretName -Name $name) -or (Test-SecretName -Name $property))) { $kind = 'secret' }
        if ($kind -eq 'nothing' -or $name -notmatch '^[\w.-]{0,128}$' -or $property -notmatch '^[\w.-]{0,128}$') { continue }
        if ($kind -eq 'secret') { $text = Protect-Secret -Text $text }
        elseif ($kind -eq '') {
            # Of anything else: that it holds a password, if it does.
            $text = ConvertTo-Command -Text $text
            if ($text -notmatch [regex]::Escape($ClearMark) -and -not $KeepCommandLines) { continue }
        }
        elseif ($kind -ne 'name' -and $text -ne '' -and -not (Test-Value -Kind $kind -Text $text)) { throw "$name does not look like the $kind that it should be" }
        if ($kind -eq 'path' -and $text -match '^\\\\[^%]+$') { $Targets[($text -replace '\\[^\\]*\.wim$', '')] = $true }
        @{ Name = $name; Property = $property; Text = $text }
    }
}

function Add-SequenceNode {
    # Writes what may be written of a group, a step, or what stands between, and of what is in it.
    param([System.Xml.XmlElement] $Node, [System.Text.StringBuilder] $Text, [System.Collections.Generic.List[string]] $Lost)
    foreach ($inner in @($Node.ChildNodes)) {
        if ($inner -isnot [System.Xml.XmlElement]) { continue }
        $kind = $inner.LocalName
        if ($kind -eq 'group') {
            $null = $Text.Append('<group').Append((Get-NodeAttribute -Node $inner)).Append('>')
            Add-SequenceNode -Node $inner -Text $Text -Lost $Lost
            $null = $Text.Append('</group>')
        }
        elseif ($kind -eq 'step' -or $kind -eq 'subtasksequence') {
            try { $variables = @(Get-StepVariable -Step $inner) }
            catch {
                $Lost.Add("$($_.Exception.Message)")
                continue
            }
            $null = $Text.Append("<$kind").Append((Get-NodeAttribute -Node $inner)).Append('>')
            $action = $inner.SelectSingleNode('action')
            if ($null -ne $action) { $null = $Text.Append('<action>').Append((Get-Escape -Text (ConvertTo-Command -Text $action.InnerText.Trim()))).Append('</action>') }
            Add-VariableList -Text $Text -List 'defaultVarList' -Variables $variables
            $null = $Text.Append("</$kind>")
        }
        elseif ($kind -eq 'globalVarList') {
            try { Add-VariableList -Text $Text -List $kind -Variables @(Get-StepVariable -Step $inner) }
            catch { $Lost.Add("$($_.Exception.Message)") }
        }
        elseif ($kind -ne 'condition') { Add-SequenceNode -Node $inner -Text $Text -Lost $Lost }
    }
}

function Add-VariableList {
    param([System.Text.StringBuilder] $Text, [string] $List, [array] $Variables)
    if ($Variables.Count -eq 0) { return }
    $null = $Text.Append("<$List>")
    foreach ($one in $Variables) {
        $null = $Text.Append('<variable name="').Append((Get-Escape -Text $one.Name)).Append('"')
        if ($one.Property -ne '') { $null = $Text.Append(' property="').Append((Get-Escape -Text $one.Property)).Append('"') }
        $null = $Text.Append('>').Append((Get-Escape -Text $one.Text)).Append('</variable>')
    }
    $null = $Text.Append("</$List>")
}

function Get-NodeAttribute {
    # Type, name and switch of a step or group. A name that is more than a name is replaced by the step's number.
    param([System.Xml.XmlElement] $Node)
    $type = $Node.GetAttribute('type')
    $name = $Node.GetAttribute('name')
    $out = ''
    if ($type -match '^[\w.-]{1,100}$') { $out += " type=`"$type`"" }
    if (-not (Test-Name -Text $name)) { $name = "($($Node.LocalName) $($Node.SelectNodes('preceding::step|preceding::group|ancestor::group').Count + 1))" }
    if ($Node.HasAttribute('name')) { $out += " name=`"$(Get-Escape -Text $name)`"" }
    if ($Node.GetAttribute('disable') -match '^(true|false|0|1)$') { $out += " disable=`"$($Node.GetAttribute('disable'))`"" }
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
    Add-SequenceNode -Node $document.DocumentElement -Text $out -Lost $lost
    $null = $out.Append('</sequence>')
    return @{ Text = $out.ToString(); Lost = $lost }
}
