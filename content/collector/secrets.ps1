# ---------------------------------------------------------------------------------------------------------------------
# Passwords, and what may be written of an object

# What cmlint reads of each class, as its mapping has it: a property; `List[key]` an element that goes by that name;
# `List[].Property` a property of every element. Of other properties only numbers, dates and switches are written.
$Written = @{
    #% written
}

# Names of passwords, as patterns: anywhere in a name; as a word of its own; with these before it in a name without
# capitals. Then the words with which a name only speaks of one, before it and behind it, and those with which the value
# decides; values that are settings; programs that take a password as an argument.
$SecretNames = @(
    #% secret names
)
$SecretWords = @(
    #% secret words
)
$SecretHeads = @(
    #% secret heads
)
$NeverBefore = @(
    #% never before
)
$NeverAfter = @(
    #% never after
)
$MaybeBefore = @(
    #% maybe before
)
$MaybeAfter = @(
    #% maybe after
)
$SecretSettings = @(
    #% secret settings
)
$SecretPrograms = @(
    #% secret programs
)

$RegexOptions = [System.Text.RegularExpressions.RegexOptions] 'IgnoreCase, Compiled, CultureInvariant'
$SecretPattern = New-Object -TypeName regex -ArgumentList ($SecretNames -join '|'), $RegexOptions
$SecretWordPattern = New-Object -TypeName regex -ArgumentList ('^(?:' + ($SecretHeads -join '|') + ')?(?:' + ($SecretWords -join '|') + ')s?\d*$'), $RegexOptions
# What stands in every name that may be a password's, and in many others.
$SecretHint = New-Object -TypeName regex -ArgumentList (($SecretNames + $SecretWords + @('reserved2')) -join '|'), $RegexOptions
$SecretProgramPattern = New-Object -TypeName regex -ArgumentList ('(?<![\w-])(?:net1?|' + (@($SecretPrograms | ForEach-Object { $_.Names }) -join '|') + ')(?:\.exe)?(?![\w-])'), $RegexOptions
$NameWords = New-Object -TypeName regex -ArgumentList '\p{Lu}(?:\p{Lu}*(?!\p{Ll}))?[\p{Ll}\p{Lo}\p{M}\p{Nd}]*|[\p{Ll}\p{Lo}\p{M}\p{Nd}]+'
$NameEnd = New-Object -TypeName regex -ArgumentList '[^\w-]'

# What has been found out of names.
$Sureness = @{}

function Get-Sureness {
    # Whether a property, variable or setting of that name holds a password: `sure`, `maybe` where its value decides, or
    # nothing. By the words of the name, as cmlint does: many names speak of a password without holding it.
    param([string] $Name)
    if ($Name.Length -gt 200 -or -not $SecretHint.IsMatch($Name)) { return '' }
    if (-not $Sureness.ContainsKey($Name)) { $Sureness[$Name] = Get-NameSureness -Name $Name }
    return $Sureness[$Name]
}

function Get-NameSureness {
    param([string] $Name)
    $words = @($NameWords.Matches($Name) | ForEach-Object { $_.Value.ToLowerInvariant() })
    $lower = $words -join ''
    if ($lower -eq 'reserved2') { return 'sure' }
    $before = ''
    $after = ''
    $found = $SecretPattern.Matches($lower)
    if ($found.Count -gt 0) {
        $last = $found[$found.Count - 1]
        $before = $lower.Substring(0, $found[0].Index)
        $after = $lower.Substring($last.Index + $last.Length) -replace '^\d+', '' -replace '^s(?=\w)', ''
    }
    else {
        $own = @($words | Where-Object { $SecretWordPattern.IsMatch($_) })
        if ($own.Count -eq 0) { return '' }
        $at = [array]::IndexOf($words, $own[$own.Count - 1])
        $before = @($words | Select-Object -First $at) -join ''
        $after = @($words | Select-Object -Skip ($at + 1)) -join ''
    }
    $sure = 'sure'
    foreach ($word in $NeverAfter) { if ($after.StartsWith($word)) { return '' } }
    foreach ($word in $MaybeAfter) { if ($after.StartsWith($word)) { $sure = 'maybe' } }
    $at = 0
    foreach ($word in $words) {
        if ($at -ge $before.Length) { break }
        $part = $word.Substring(0, [math]::Min($word.Length, $before.Length - $at))
        if ($NeverBefore -contains $part) { return '' }
        if ($MaybeBefore -contains $part) { $sure = 'maybe' }
        $at += $word.Length
    }
    if ($words.Count -eq 1 -and $before -match '^(user)?(bad|last|min|max|has|use)') { return '' }
    return $sure
}

function Test-SecretName {
    param([string] $Name)
    return (Get-Sureness -Name $Name) -ne ''
}

function Protect-Secret {
    # What may be written of the value of a password: whether there is one, and whether anyone could read it.
    param([string] $Text)
    $bare = $Text.Trim()
    if ($bare -eq '') { return '' }
    if ($SecretSettings -contains $bare -or $bare -match '^(\$?(true|false|null)|(%[A-Za-z_][\w.-]{0,63}%)+)$') { return $bare }
    if ($bare -match '^\*{3,}$' -or (Test-EncryptedText -Text $bare)) { return $ProtectedMark }
    return $ClearMark
}

# A value: in quotes, in parentheses, or up to the next blank. What stands between a name and its value: a value behind a
# colon and a blank is prose; so is one behind a blank, but for a switch.
$ValuePattern = '(?:"[^"]*"?|''[^'']*''?|\([^)]*\)?|[^\s"''<|]+)'
$SignPattern = '^(?:["'']?\s*(?::=|=(?!=))\s?|:(?!\s)|["'']\s*:\s*'
$ValueStart = New-Object -TypeName regex -ArgumentList "^$ValuePattern", $RegexOptions
$SettingSign = New-Object -TypeName regex -ArgumentList "$SignPattern)", $RegexOptions
$SwitchSign = New-Object -TypeName regex -ArgumentList "$SignPattern|\s*[:=]\s*|\s+(?![-/]))", $RegexOptions
# A word that may stand in such a name, where something like such a sign is behind the name.
$AssignedHint = New-Object -TypeName regex -ArgumentList "(?:$SecretHint)(?>[\w-]{0,200})(?:(?>\s*)[`"']?(?>\s*)[:=]|(?<=[-/][\w-]{1,200})\s+(?![-/]))", $RegexOptions

function Get-Assignment {
    # The names in a text that may be a password's and have a value: each with its place. Only where a word for one
    # stands is looked.
    param([string] $Text)
    $at = 0
    while ($at -lt $Text.Length) {
        $found = $AssignedHint.Match($Text, $at)
        if (-not $found.Success) { return }
        $hint = $SecretHint.Match($Text, $found.Index)
        $start = $hint.Index
        while ($start -gt $at -and $hint.Index - $start -lt 200 -and ([char]::IsLetterOrDigit($Text[$start - 1]) -or '-_'.IndexOf($Text[$start - 1]) -ge 0)) { $start-- }
        $stop = $NameEnd.Match($Text, $hint.Index + $hint.Length)
        $at = if ($stop.Success) { $stop.Index } else { $Text.Length }
        while ($start -lt $hint.Index -and $Text[$start] -eq '-') { $start++ }
        if ($at - $start -gt 200) { continue }
        $dash = $start -gt 0 -and '-/'.IndexOf($Text[$start - 1]) -ge 0
        $sign = $(if ($dash) { $SwitchSign } else { $SettingSign }).Match($Text, $at, [math]::Min(400, $Text.Length - $at))
        if (-not $sign.Success) { continue }
        $name = $Text.Substring($start, $at - $start)
        $sure = Get-Sureness -Name $name
        if ($sure -ne '') { @{ Name = $name; Start = $at + $sign.Length; Sure = $sure } }
    }
}

function Get-Assigned {
    # Where passwords stand in a text as settings or arguments: from where to where, and what may be shown of it.
    param([string] $Text)
    foreach ($one in @(Get-Assignment -Text $Text)) {
        $found = $ValueStart.Match($Text, $one.Start, [math]::Min(400, $Text.Length - $one.Start))
        if (-not $found.Success) { continue }
        $bare = $found.Value.Trim('"', "'")
        if ((Protect-Secret -Text $bare) -ne $ClearMark -or $bare.StartsWith('$')) { continue }
        if ($one.Sure -eq 'maybe' -and $bare -match '^([A-Za-z]+|[\d.:/-]+|.*[\\/].*)$') { continue }
        @{ Show = "$($one.Name)=$ClearMark"; Start = $one.Start; Length = $found.Length }
    }
    if ($SecretProgramPattern.IsMatch($Text)) { Get-Argument -Text $Text }
}

function Get-Argument {
    # The same for programs that take a password without saying so.
    param([string] $Text)
    foreach ($program in $SecretPrograms) {
        $head = [regex]::Match($Text, "(?i)(?<![\w-])($($program.Names))(?:\.exe)?(?![\w-])([^&|]{0,2000})")
        if (-not $head.Success) { continue }
        $case = if ($program.Exact) { '' } else { '(?i)' }
        $sign = if ($program.Glued) { '[\s:=]*' } else { '[\s:=]\s*' }
        $found = [regex]::Match($head.Groups[2].Value, "$case(?<=\s|^)[-/]{1,2}($($program.Switches))$sign(?![-/])($ValuePattern)")
        if ($found.Success) { @{ Show = "$($head.Groups[1].Value) -$($found.Groups[1].Value) $ClearMark"; Start = $head.Groups[2].Index + $found.Groups[2].Index; Length = $found.Groups[2].Length } }
    }
    foreach ($found in [regex]::Matches($Text, '(?i)(?<![\w-])(net1?)(?:\.exe)?\s+(use|user)\s+([^&|]{0,1000})')) {
        $words = @([regex]::Matches($found.Groups[3].Value, '"[^"]*"?|[^\s"]+') | Where-Object { $_.Value -notmatch '^/' -and $_.Value -notmatch '^[A-Za-z]:$' -and $_.Value -notmatch '^"?\\\\' })
        # Of net user, the first is the account.
        $skip = if ($found.Groups[2].Value -eq 'user') { 1 } else { 0 }
        foreach ($word in @($words | Select-Object -Skip $skip -First 2)) {
            if ($word.Value -eq '*') { continue }
            @{ Show = "net $($found.Groups[2].Value) x $ClearMark"; Start = $found.Groups[3].Index + $word.Index; Length = $word.Length }
        }
    }
}

function Protect-Text {
    # A text without the passwords that can be told to stand in it. It is no proof that there is none.
    param([string] $Text)
    if (Test-EncryptedText -Text $Text) { return $ProtectedMark }
    $end = $Text.Length
    foreach ($one in @(Get-Assigned -Text $Text | Sort-Object -Property { -$_.Start })) {
        if ($one.Start + $one.Length -gt $end) { continue }
        $Text = $Text.Substring(0, $one.Start) + $ClearMark + $Text.Substring($one.Start + $one.Length)
        $end = $one.Start
    }
    # Forms without a name: users with passwords before a host, tokens, options of a letter or two.
    $Text = [regex]::Replace($Text, '(?i)(://|\\\\)[^\s/\\:@]{1,100}:[^\s/\\@]{1,200}@', "`$1$ClearMark@")
    $Text = [regex]::Replace($Text, '(?i)\b(Basic|Bearer)\s+[\w.~+/=-]{4,}', "`$1 $ClearMark")
    $Text = [regex]::Replace($Text, '(?i)(?<=\s|^|[?&;])([-/]{1,2}(?:[\w-]{0,30}(?:key|token|cred\w{0,10}|pw|pin)|[px]d?|encodedcommand|enc?|string)|sig|\w{0,30}key|pin)(\s*[:=]\s*|\s+)(?![-/(])("[^"]*"|''[^'']*''|[^\s"'']+)', "`$1`$2$ClearMark")
    return [regex]::Replace($Text, '(?i)<(\w*(?:password|value|credential)\w*)>[^<]+<', "<`$1>$ClearMark<")
}

# ---------------------------------------------------------------------------------------------------------------------
# Objects to rows

$Specs = @{}

function Get-Spec {
    # What is written of a class, taken apart: its own properties, elements of lists by name, properties of elements.
    param([string] $Class)
    if ($Specs.ContainsKey($Class)) { return $Specs[$Class] }
    $spec = @{ Own = @{}; Keyed = @{}; Inner = @{} }
    foreach ($path in @($Written[$Class])) {
        if ("$path" -match '^(\w+)\[\]\.(\w+)$') {
            if (-not $spec.Inner.ContainsKey($Matches[1])) { $spec.Inner[$Matches[1]] = @{} }
            $spec.Inner[$Matches[1]][$Matches[2]] = $true
        }
        elseif ("$path" -match '^(\w+)\[(.+)\]$') { $spec.Keyed[$Matches[1]] = @($spec.Keyed[$Matches[1]]) + $Matches[2] }
        elseif ("$path" -ne '') { $spec.Own["$path"] = $true }
    }
    $Specs[$Class] = $spec
    return $spec
}

function ConvertTo-Element {
    # An element of a list that goes by a name, if it is written: as it is where cmlint reads it, masked where its
    # name is a password's.
    param($Instance, [string[]] $Keys)
    $row = [ordered]@{ __CLASS = $Instance.CimSystemProperties.ClassName }
    $name = ''
    foreach ($key in 'PropertyName', 'PropertyListName', 'ValueName', 'Name') {
        $property = $Instance.CimInstanceProperties[$key]
        if ($null -eq $property -or $name -ne '') { continue }
        $name = "$($property.Value)"
        $row[$key] = $name
    }
    $kept = @($Keys | Where-Object { $name -like ($_ -replace '([\[\]?])', '`$1') }).Count -gt 0
    if (-not $kept -and -not ($name -match '^[\w .:-]{1,80}$' -and (Test-SecretName -Name $name))) { return $null }
    $masked = $Instance.CimInstanceProperties['IsMasked']
    $hidden = $null -ne $masked -and $masked.Value -eq $true
    # What nobody is shown is not written: what would be read there is not known.
    if ($hidden -and $kept) { throw "the value of $name is masked" }
    foreach ($part in 'Value', 'Value1', 'Value2', 'Values', 'ValueStrings') {
        $property = $Instance.CimInstanceProperties[$part]
        if ($null -eq $property) { continue }
        $plain = ConvertTo-Plain -Value $property.Value
        if ($hidden) { $plain = $ProtectedMark }
        elseif (-not $kept) {
            if ($plain -is [array]) { $plain = [object[]] @($plain | ForEach-Object { Protect-Secret -Text "$_" }) }
            elseif ($plain -is [string]) { $plain = Protect-Secret -Text $plain }
            else { continue }
        }
        # Windows PowerShell writes a list that came out of a function as an object with its length.
        if ($plain -is [array]) { $plain = [object[]] $plain }
        $row[$part] = $plain
    }
    return $row
}

function ConvertTo-Row {
    # An instance as a dictionary of what may be written of its class.
    param($Instance, [string] $Class)
    $spec = Get-Spec -Class $Class
    $row = [ordered]@{}
    foreach ($property in $Instance.CimInstanceProperties) {
        $name = $property.Name
        $value = $property.Value
        if (Test-SecretName -Name $name) { continue }
        if ($spec.Keyed.ContainsKey($name) -or $spec.Inner.ContainsKey($name)) {
            $list = New-Object -TypeName 'System.Collections.Generic.List[object]'
            foreach ($item in @($value)) {
                if (-not (Test-Instance -Value $item)) { continue }
                if ($spec.Keyed.ContainsKey($name)) {
                    try { $element = ConvertTo-Element -Instance $item -Keys $spec.Keyed[$name] }
                    catch {
                        $tags = @{}
                        foreach ($id in 'CollectionID', 'SiteCode') {
                            $known = $Instance.CimInstanceProperties[$id]
                            if ($null -ne $known) { $tags[$id] = "$($known.Value)" }
                        }
                        Add-Failure -Class $Class -Target "$Class $(@($tags.Values) -join ' ')" -Reason $_ -Tags $tags
                        continue
                    }
                    if ($null -ne $element) { $list.Add($element) }
                    continue
                }
                $element = [ordered]@{ __CLASS = $item.CimSystemProperties.ClassName }
                foreach ($inner in $item.CimInstanceProperties) {
                    if (-not $spec.Inner[$name].ContainsKey($inner.Name)) { continue }
                    $plain = ConvertTo-Plain -Value $inner.Value
                    if ($plain -is [array]) { $plain = [object[]] $plain }
                    $element[$inner.Name] = $plain
                }
                $list.Add($element)
            }
            # A list that was not fetched is not an empty one; one of one element is a list, too.
            $row[$name] = $null
            if ($null -ne $value) { $row[$name] = $list.ToArray() }
            continue
        }
        $read = $spec.Own.ContainsKey($name)
        if (-not $read -and -not ($value -is [valuetype] -and $value -isnot [char])) { continue }
        $plain = ConvertTo-Plain -Value $value
        if ($plain -is [array]) { $plain = [object[]] $plain }
        $row[$name] = $plain
    }
    return $row
}
