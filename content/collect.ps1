#requires -Version 5.1
<#
.SYNOPSIS
Collects what cmlint checks: how Configuration Manager uses accounts and groups. Read only.

.DESCRIPTION
Reads the site through the SMS Provider, and beside it local groups, user rights, permissions of folders, shares, WMI
and DCOM, Active Directory and SQL Server, and writes what it found into one folder of JSON files. Copy the folder to
wherever cmlint is and run

    cmlint check FOLDER

Nothing is changed: not in the site, not in Active Directory, not in SQL Server, not on any computer. Each computer
writes the list of its user rights to a temporary file (secedit can do nothing else), which is deleted at once.

No password is written: stored passwords are left out, and where one stands in clear text, in a task sequence or a
collection variable, only the fact that there is one is written.

What could not be read, and why, is written to CollectorReport.json; cmlint then says of these things that they were
not checked. Nothing else stops because of it.

.PARAMETER SiteServer
A site server or computer with the SMS Provider, best of the central administration site. Without it, the site that
the console on this computer was last connected to, or the one that this computer belongs to.

.PARAMETER SiteCode
The site to read, where the server has more than one provider name space.

.PARAMETER OutputFolder
The folder to write to. It must be new or empty. Without it, a new folder in the current one.

.PARAMETER ComputerName
Further computers to look at: clients, file servers with content or captured images. Site systems, database servers
and one domain controller of each domain are looked at anyway.

.PARAMETER SkipComputerName
Computers not to look at.

.PARAMETER Domain
DNS names of further domains to read, for instance of a trusted forest. The domains of this computer's forest are
read anyway.

.PARAMETER Table
Only what these evidence tables of cmlint need.

.PARAMETER SkipHosts
Look at no computer but the one with the SMS Provider.

.PARAMETER SkipDirectory
Do not read Active Directory.

.PARAMETER SkipSql
Do not read SQL Server.

.PARAMETER TimeoutSeconds
How long to wait for an answer of a computer.

.PARAMETER ThrottleLimit
How many computers to ask at the same time.

.PARAMETER MaxMembers
How many members of a group are read.

.PARAMETER MaxAccounts
How many users and computers of a domain are listed. Of a larger domain only those are read that something else names;
whether an account is gone from it cannot be told then.

.EXAMPLE
.\collect.ps1 -SiteServer cas1.contoso.com

.EXAMPLE
.\collect.ps1 -SiteServer ps1.contoso.com -ComputerName client1, client2, files1 -OutputFolder D:\evidence

.NOTES
Needs Windows PowerShell 5.1 or PowerShell 7, the right to read in the site (Read-only Analyst of all scopes at least;
Full Administrator sees everything), and to see the rest: local administrator and PowerShell remoting on the computers,
VIEW DEFINITION in the databases, read access to Active Directory. No module has to be installed.
#>
[CmdletBinding()]
param(
    [string] $SiteServer,
    [string] $SiteCode,
    [string] $OutputFolder,
    [string[]] $ComputerName = @(),
    [string[]] $SkipComputerName = @(),
    [string[]] $Domain = @(),
    [string[]] $Table = @(),
    [switch] $SkipHosts,
    [switch] $SkipDirectory,
    [switch] $SkipSql,
    [ValidateRange(10, 86400)]
    [int] $TimeoutSeconds = 300,
    [ValidateRange(1, 128)]
    [int] $ThrottleLimit = 16,
    [ValidateRange(1, 1000000)]
    [int] $MaxMembers = 5000,
    [ValidateRange(0, 10000000)]
    [int] $MaxAccounts = 20000
)

$ErrorActionPreference = 'Stop'

# Which evidence tables each class is read into.
$TablesOfClass = @{
    #% tables
}

# What stands in the place of a password: one that is encrypted, one that anyone could read.
$ProtectedMark = '********'
$ClearMark = '(clear-text-password-removed)'

# Rows by class, each as JSON.
$Rows = @{}

# What could not be read, written as CollectorReport.
$Failures = New-Object -TypeName 'System.Collections.Generic.List[object]'

# ---------------------------------------------------------------------------------------------------------------------
# Rows and failures

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

function Get-Reason {
    # The message of an error, on one line.
    param($Problem)
    $text = "$Problem"
    if ($Problem -is [System.Management.Automation.ErrorRecord]) { $text = $Problem.Exception.Message }
    elseif ($Problem -is [System.Exception]) { $text = $Problem.Message }
    $text = ($text -replace '\s+', ' ').Trim()
    if ($text -eq '') { $text = 'unknown error' }
    return $text
}

function Add-Failure {
    # Writes down what could not be read. Tags are what is known of the rows that are missing.
    param([string[]] $Class, [string] $Target, $Reason, [System.Collections.IDictionary] $Tags = @{})
    $text = Get-Reason -Problem $Reason
    $any = $false
    foreach ($name in $Class) {
        if (-not (Test-Wanted -Class $name)) { continue }
        $any = $true
        $row = [ordered]@{
            Class = $name
            Table = @($TablesOfClass[$name])
            Target = $Target
            Reason = $text
        }
        foreach ($key in $Tags.Keys) { $row[$key] = $Tags[$key] }
        $Failures.Add($row)
    }
    if ($any) { Write-Warning -Message "${Target}: $text" }
}

function Get-Value {
    # A property that may be missing.
    param($Object, [string] $Name)
    if ($null -eq $Object) { return $null }
    $property = $Object.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return $property.Value
}

# ---------------------------------------------------------------------------------------------------------------------
# Passwords

function Test-SecretName {
    # Whether a property, variable or setting of that name holds a password.
    param([string] $Name)
    if ($Name -match 'password(s|d)?(age|last|set|never|policy|expir|length|complex|count|type|hint|option|enabled|required|protected|provider)') { return $false }
    return $Name -match 'password|passwd|pwd|passphrase|passcode|secret|apikey|privatekey|accesstoken|bearertoken|bitlockerpin|startuppin|^Reserved[12]$'
}

function Test-EncryptedText {
    # Whether a text is an encrypted value, as far as its form tells.
    param([string] $Text)
    return $Text -match '^\s*([0-9A-Fa-f]{64,}|01000000D08C9DDF[0-9A-Fa-f]*|0000000001000000[0-9A-Fa-f]*|AQAAANCMnd8\S*|<PolicySecret[\s\S]*)\s*$'
}

function Protect-Secret {
    # What may be written of the value of a password.
    param([string] $Text)
    $bare = $Text.Trim()
    if ($bare -eq '') { return '' }
    if ($bare -match '^(true|false|yes|no|none|null|\d{1,3}|(%[^%\s]+%)+)$') { return $bare }
    if ($bare -match '^\*+$') { return $ProtectedMark }
    if (Test-EncryptedText -Text $bare) { return $ProtectedMark }
    return $ClearMark
}

function Protect-Text {
    # A text without the passwords that stand in it as arguments or settings, and without encrypted values.
    param([string] $Text)
    if (Test-EncryptedText -Text $Text) { return $ProtectedMark }
    $option = '(?:(?<=^|[\s"'';(])[/-]{1,2}(?:\w*password|passwd|pass|pwd|rp)(?:\s*[:=]\s*|\s+))'
    $setting = '(?:\w*(?:password|passwd|pwd|passphrase|passcode|secret|apikey|accesstoken)\w*["'']?\s*(?::=|:|=(?!=))\s*)'
    $value = '("[^"]*"|''[^'']*''|[^\s"'';,<|]+)'
    $replace = {
        param($Match)
        return $Match.Groups[1].Value + (Protect-Secret -Text $Match.Groups[2].Value.Trim('"', "'"))
    }
    return [regex]::Replace($Text, "(?i)($option|$setting)$value", $replace)
}

function Protect-Sequence {
    # A task sequence without its passwords. Scripts inside of it are left out: they may hold some, too.
    param([string] $Text)
    $document = New-Object -TypeName System.Xml.XmlDocument
    $document.XmlResolver = $null
    $document.PreserveWhitespace = $true
    $document.LoadXml($Text)
    foreach ($node in @($document.SelectNodes('//variable'))) {
        $name = $node.GetAttribute('name')
        $property = $node.GetAttribute('property')
        if ((Test-SecretName -Name $name) -or (Test-SecretName -Name $property)) {
            $node.InnerText = Protect-Secret -Text $node.InnerText
        }
        elseif ($name -match 'Script$' -or $property -match 'Script$') {
            $node.InnerText = ''
        }
        elseif ($name -eq 'VariableName' -and (Test-SecretName -Name $node.InnerText.Trim())) {
            foreach ($sibling in @($node.ParentNode.SelectNodes('variable[@name="VariableValue"]'))) {
                $sibling.InnerText = Protect-Secret -Text $sibling.InnerText
            }
        }
        elseif ($name -eq 'OSDSetDynamicVariablesRules' -or $property -eq 'OSDSetDynamicVariablesRules') {
            $node.InnerText = ''
        }
        elseif ($node.InnerText -ne '') {
            $safe = Protect-Text -Text $node.InnerText
            if ($safe -cne $node.InnerText) { $node.InnerText = $safe }
        }
    }
    foreach ($node in @($document.SelectNodes('//action'))) {
        $safe = Protect-Text -Text $node.InnerText
        if ($safe -cne $node.InnerText) { $node.InnerText = $safe }
    }
    return $document.OuterXml
}

# ---------------------------------------------------------------------------------------------------------------------
# Objects to rows

function ConvertTo-Plain {
    # A value as texts, numbers, lists and dictionaries, without passwords. Bytes are left out.
    param($Value, [int] $Level = 0)
    if ($null -eq $Value -or $Level -gt 12) { return $null }
    if ($Value -is [string] -or $Value -is [char]) { return (Protect-Text -Text "$Value") }
    if ($Value -is [bool]) { return $Value }
    if ($Value -is [datetime]) { return $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [cultureinfo]::InvariantCulture) }
    if ($Value -is [enum] -or $Value -is [timespan] -or $Value -is [guid]) { return "$Value" }
    if ($Value -is [valuetype]) { return $Value }
    if ($Value -is [byte[]]) { return $null }
    if ($Value -is [Microsoft.Management.Infrastructure.CimInstance]) {
        return (ConvertTo-PlainInstance -Instance $Value -Level ($Level + 1))
    }
    if ($Value -is [System.Collections.IEnumerable]) {
        $list = New-Object -TypeName 'System.Collections.Generic.List[object]'
        foreach ($item in $Value) { $list.Add((ConvertTo-Plain -Value $item -Level ($Level + 1))) }
        return , $list.ToArray()
    }
    return "$Value"
}

function ConvertTo-PlainInstance {
    # An instance as a dictionary: all properties but those that hold a password.
    param([Microsoft.Management.Infrastructure.CimInstance] $Instance, [int] $Level = 0)
    $row = [ordered]@{}
    if ($Level -gt 0) { $row['__CLASS'] = $Instance.CimSystemProperties.ClassName }
    foreach ($property in $Instance.CimInstanceProperties) {
        if (Test-SecretName -Name $property.Name) { continue }
        if ($property.Value -is [byte[]]) { continue }
        $plain = ConvertTo-Plain -Value $property.Value -Level $Level
        # Windows PowerShell writes a list that came out of a function as an object with its length.
        if ($plain -is [array]) { $plain = [object[]] $plain }
        $row[$property.Name] = $plain
    }
    # A name with its value: a setting, a variable.
    foreach ($key in 'PropertyName', 'PropertyListName', 'ValueName', 'Name') {
        if (-not $row.Contains($key)) { continue }
        # The list of that name is no password: it holds the client push installation accounts.
        if ($key -eq 'PropertyListName' -and $row[$key] -eq 'Reserved2') { break }
        if (-not (Test-SecretName -Name "$($row[$key])")) { continue }
        foreach ($part in 'Value', 'Value1', 'Value2') {
            if ($row.Contains($part) -and $row[$part] -is [string]) { $row[$part] = Protect-Secret -Text $row[$part] }
        }
        foreach ($part in 'Values', 'ValueStrings') {
            if (-not $row.Contains($part) -or $null -eq $row[$part]) { continue }
            $list = New-Object -TypeName 'System.Collections.Generic.List[object]'
            foreach ($item in @($row[$part])) { $list.Add((Protect-Secret -Text "$item")) }
            $row[$part] = $list.ToArray()
        }
    }
    return $row
}

# ---------------------------------------------------------------------------------------------------------------------
# The site

function Connect-Computer {
    # A connection over WinRM, or else over DCOM; the local computer without either.
    param([string] $Name)
    if ((Get-ShortName -Name $Name) -eq $env:COMPUTERNAME) { return New-CimSession -OperationTimeoutSec $TimeoutSeconds }
    try {
        return New-CimSession -ComputerName $Name -OperationTimeoutSec $TimeoutSeconds
    }
    catch {
        $overDcom = New-CimSessionOption -Protocol Dcom
        return New-CimSession -ComputerName $Name -OperationTimeoutSec $TimeoutSeconds -SessionOption $overDcom
    }
}

function Get-ShortName {
    # The computer part of a computer's name, in capitals.
    param([string] $Name)
    return ("$Name".Trim().TrimStart('\') -split '[.\\]')[0].ToUpperInvariant()
}

function Get-RegistryValue {
    param([string] $Path, [string] $Name)
    if (-not (Test-Path -LiteralPath $Path)) { return $null }
    return Get-Value -Object (Get-ItemProperty -LiteralPath $Path) -Name $Name
}

function Find-SiteServer {
    # Where the SMS Provider may be: as asked for, as the console knows it, as this computer is told.
    if ($SiteServer) { return $SiteServer }
    $drive = @(Get-PSDrive | Where-Object { $_.Provider.Name -eq 'CMSite' })
    if ($drive.Count -gt 0) { return $drive[0].Root }
    $known = Get-RegistryValue -Path 'HKCU:\SOFTWARE\Microsoft\ConfigMgr10\AdminUI\MRU\1' -Name 'ServerName'
    if ($known) { return $known }
    $known = Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\SMS\Identification' -Name 'Site Server'
    if ($known) { return $known }
    return $env:COMPUTERNAME
}

function Connect-Site {
    # The name space of the site and a connection to the computer with its provider.
    $server = Find-SiteServer
    Write-Verbose -Message "Looking for the SMS Provider on $server"
    $session = Connect-Computer -Name $server
    $places = @(Get-CimInstance -CimSession $session -Namespace 'root\sms' -ClassName 'SMS_ProviderLocation' -OperationTimeoutSec $TimeoutSeconds)
    if ($SiteCode) { $places = @($places | Where-Object { $_.SiteCode -eq $SiteCode }) }
    $local = @($places | Where-Object { $_.ProviderForLocalSite })
    if ($local.Count -gt 0) { $places = $local }
    if ($places.Count -eq 0) { throw "no SMS Provider is known on $server" }
    $machine = "$($places[0].Machine)"
    if ((Get-ShortName -Name $machine) -ne (Get-ShortName -Name $server)) { $session = Connect-Computer -Name $machine }
    return @{
        Session = $session
        Code = "$($places[0].SiteCode)"
        Server = $machine
        Namespace = 'root\sms\site_' + $places[0].SiteCode
        Providers = @($places | ForEach-Object { "$($_.Machine)" })
    }
}

function Get-SiteInstance {
    # All instances of a class, with the properties that a list leaves out.
    param([hashtable] $Site, [string] $Class, [switch] $Whole)
    $found = @(Get-CimInstance -CimSession $Site.Session -Namespace $Site.Namespace -ClassName $Class -OperationTimeoutSec $TimeoutSeconds)
    if (-not $Whole) { return $found }
    foreach ($instance in $found) {
        Get-CimInstance -CimSession $Site.Session -InputObject $instance -OperationTimeoutSec $TimeoutSeconds
    }
}

function Read-SiteClass {
    # One class of the provider, as it is.
    param([hashtable] $Site, [string] $Class, [switch] $Whole)
    # Where servers and databases are is wanted anyway.
    $needed = 'SMS_Site', 'SMS_SCI_SiteDefinition', 'SMS_SCI_SysResUse' -contains $Class
    if (-not $needed -and -not (Test-Wanted -Class $Class)) { return }
    try {
        $found = @(Get-SiteInstance -Site $Site -Class $Class -Whole:$Whole)
        Add-Class -Class $Class
        foreach ($instance in $found) { Add-Row -Class $Class -Row (ConvertTo-PlainInstance -Instance $instance) }
    }
    catch {
        Add-Failure -Class $Class -Target $Site.Server -Reason $_
    }
}

function Read-Sequences {
    # Task sequences: their text is fetched one by one and written without passwords.
    param([hashtable] $Site)
    $class = 'SMS_TaskSequencePackage'
    if (-not (Test-Wanted -Class $class)) { return }
    try {
        $found = @(Get-SiteInstance -Site $Site -Class $class)
        Add-Class -Class $class
    }
    catch {
        Add-Failure -Class $class -Target $Site.Server -Reason $_
        return
    }
    $number = 0
    foreach ($listed in $found) {
        $number++
        $name = "$(Get-Value -Object $listed -Name 'Name')"
        $package = "$(Get-Value -Object $listed -Name 'PackageID')"
        Write-Progress -Id 1 -Activity 'Task sequences' -Status $name -PercentComplete (100 * $number / $found.Count)
        try {
            $whole = Get-CimInstance -CimSession $Site.Session -InputObject $listed -OperationTimeoutSec $TimeoutSeconds
            $sequence = "$(Get-Value -Object $whole -Name 'Sequence')"
            if ($sequence -ne '') { $sequence = Protect-Sequence -Text $sequence }
            Add-Row -Class $class -Row ([ordered]@{
                    PackageID = $package
                    Name = $name
                    SourceSite = "$(Get-Value -Object $whole -Name 'SourceSite')"
                    LastRefreshTime = ConvertTo-Plain -Value (Get-Value -Object $whole -Name 'LastRefreshTime')
                    Sequence = $sequence
                })
        }
        catch {
            Add-Failure -Class $class -Target "task sequence $name" -Reason $_ -Tags @{ PackageID = $package; Name = $name }
        }
    }
    Write-Progress -Id 1 -Activity 'Task sequences' -Completed
}

function Read-Forests {
    # Active Directory forests as the site knows them, with the sites that publish to each.
    param([hashtable] $Site)
    $class = 'SMS_ADForest'
    if (-not (Test-Wanted -Class $class)) { return }
    try {
        $found = @(Get-SiteInstance -Site $Site -Class $class)
        $states = @(Get-SiteInstance -Site $Site -Class 'SMS_ADForestDiscoveryStatus')
        Add-Class -Class $class
        foreach ($forest in $found) { Add-Row -Class $class -Row (ConvertTo-PlainInstance -Instance $forest) }
        Add-Class -Class 'SMS_ADForestDiscoveryStatus'
        foreach ($state in $states) {
            Add-Row -Class 'SMS_ADForestDiscoveryStatus' -Row (ConvertTo-PlainInstance -Instance $state)
        }
    }
    catch {
        Add-Failure -Class $class -Target $Site.Server -Reason $_
    }
}

function Read-Devices {
    # The domains that discovered computers are in: one row for each, not one for each computer.
    param([hashtable] $Site)
    $class = 'SMS_R_System'
    if (-not (Test-Wanted -Class $class)) { return }
    try {
        $query = 'SELECT ResourceDomainORWorkgroup, FullDomainName FROM SMS_R_System'
        $found = @(Get-CimInstance -CimSession $Site.Session -Namespace $Site.Namespace -Query $query -OperationTimeoutSec $TimeoutSeconds)
        Add-Class -Class $class
        $seen = @{}
        foreach ($device in $found) {
            $short = "$(Get-Value -Object $device -Name 'ResourceDomainORWorkgroup')"
            $long = "$(Get-Value -Object $device -Name 'FullDomainName')"
            $key = "$short|$long"
            if ($seen.ContainsKey($key)) { continue }
            $seen[$key] = $true
            Add-Row -Class $class -Row ([ordered]@{ ResourceDomainORWorkgroup = $short; FullDomainName = $long })
        }
    }
    catch {
        Add-Failure -Class $class -Target $Site.Server -Reason $_
    }
}

function Read-ContentStatus {
    # When each content object was last sent to each distribution point.
    param([hashtable] $Site)
    $class = 'ContentStatus'
    if (-not (Test-Wanted -Class $class)) { return }
    try {
        # Only content with an access list of its own matters.
        $packages = @(Get-SiteInstance -Site $Site -Class 'SMS_PackageAccessByUsers' | ForEach-Object { "$($_.PackageID)" } | Sort-Object -Unique)
        Add-Class -Class $class
        foreach ($package in $packages) {
            $query = "SELECT PackageID, PackageType, ServerNALPath, LastCopied FROM SMS_PackageStatusDistPointsSummarizer WHERE PackageID = '$($package -replace "['\\]", '')'"
            foreach ($status in @(Get-CimInstance -CimSession $Site.Session -Namespace $Site.Namespace -Query $query -OperationTimeoutSec $TimeoutSeconds)) {
                if ("$($status.ServerNALPath)" -notmatch '\\\\([^\\"]+)\\?"?') { continue }
                # When the access list was changed stands nowhere: it stays open.
                Add-Row -Class $class -Row ([ordered]@{
                        PackageID = $package
                        PackageType = ConvertTo-Plain -Value (Get-Value -Object $status -Name 'PackageType')
                        DistributionPoint = $Matches[1]
                        Redistributed = ConvertTo-Plain -Value (Get-Value -Object $status -Name 'LastCopied')
                    })
            }
        }
    }
    catch {
        Add-Failure -Class $class -Target $Site.Server -Reason $_
    }
}

function Read-AccountChanges {
    # When the stored accounts were last put in: the latest audit message that names them, other than as who did it.
    param([hashtable] $Site)
    $class = 'AccountChange'
    if (-not (Test-Wanted -Class $class)) { return }
    $usages = @{ 'Software Distribution' = 'Network access account'; 'SMS_CLIENT_CONFIG_MANAGER' = 'Client push installation account' }
    try {
        $accounts = @(Get-SiteInstance -Site $Site -Class 'SMS_SCI_Reserved')
        Add-Class -Class $class
        foreach ($account in $accounts) {
            $name = "$(Get-Value -Object $account -Name 'UserName')"
            $used = @(Get-Value -Object $account -Name 'AccountUsage' | Where-Object { $_ })
            if ($name -eq '' -or $used.Count -eq 0) { continue }
            $text = $name.Replace('\', '\\').Replace("'", "\'")
            $query = "SELECT RecordID, InsStrIndex FROM SMS_StatMsgInsStrings WHERE InsStrIndex > 0 AND InsStrValue = '$text'"
            $latest = $null
            foreach ($part in @(Get-CimInstance -CimSession $Site.Session -Namespace $Site.Namespace -Query $query -OperationTimeoutSec $TimeoutSeconds)) {
                # 768 is an audit message.
                $query = "SELECT RecordID, Time FROM SMS_StatusMessage WHERE MessageType = 768 AND RecordID = $($part.RecordID)"
                foreach ($message in @(Get-CimInstance -CimSession $Site.Session -Namespace $Site.Namespace -Query $query -OperationTimeoutSec $TimeoutSeconds)) {
                    if ($null -eq $latest -or $message.Time -gt $latest) { $latest = $message.Time }
                }
            }
            # Messages are kept for a while only: without one it is not known.
            if ($null -eq $latest) { continue }
            foreach ($usage in $used) {
                $shown = if ($usages.ContainsKey("$usage")) { $usages["$usage"] } else { "$usage" }
                Add-Row -Class $class -Row ([ordered]@{ Account = $name; Usage = $shown; Changed = ConvertTo-Plain -Value $latest })
            }
        }
    }
    catch {
        Add-Failure -Class $class -Target $Site.Server -Reason $_
    }
}

function Read-Links {
    # Replication links between parent and child sites, with what the site says of distributed views.
    param([hashtable] $Site)
    $class = 'DatabaseLink'
    if (-not (Test-Wanted -Class $class)) { return }
    try {
        $sites = @(Get-SiteInstance -Site $Site -Class 'SMS_Site')
        $controls = @(Get-SiteInstance -Site $Site -Class 'SMS_RcmSqlControl' -Whole)
        Add-Class -Class $class
        foreach ($child in $sites) {
            $parent = "$(Get-Value -Object $child -Name 'ReportingSiteCode')"
            # A secondary site has no distributed views.
            if ($parent -eq '' -or $child.Type -eq 1) { continue }
            $row = [ordered]@{ ParentSite = $parent; ChildSite = "$($child.SiteCode)" }
            foreach ($control in $controls) {
                if ("$($control.SiteCode)" -ne "$($child.SiteCode)") { continue }
                foreach ($property in @(Get-Value -Object $control -Name 'Props')) {
                    # The names of these settings are not documented: whatever speaks of distributed views counts.
                    if ("$(Get-Value -Object $property -Name 'PropertyName')" -notmatch 'DView|DistributedView') { continue }
                    $on = "$(Get-Value -Object $property -Name 'Value')$(Get-Value -Object $property -Name 'Value1')" -match '[1-9]|true'
                    $row['DistributedViews'] = $on -or ($row.Contains('DistributedViews') -and $row['DistributedViews'])
                }
            }
            Add-Row -Class $class -Row $row
        }
    }
    catch {
        Add-Failure -Class $class -Target $Site.Server -Reason $_
    }
}

function Read-Sources {
    # The sites that are migrated from, and what the account for it may do there.
    param([hashtable] $Site)
    if (-not (Test-Wanted -Class 'SourceSite', 'SourceSitePermission')) { return }
    try {
        $mappings = @(Get-SiteInstance -Site $Site -Class 'SMS_MigrationSiteMapping')
        $sources = @(Get-SiteInstance -Site $Site -Class 'SMS_MigrationSourceSite')
        foreach ($class in 'SourceSite', 'SourceSitePermission') { if (Test-Wanted -Class $class) { Add-Class -Class $class } }
    }
    catch {
        Add-Failure -Class 'SourceSite', 'SourceSitePermission' -Target $Site.Server -Reason $_
        return
    }
    # What a number stands for in the permissions of Configuration Manager 2007.
    $kinds = @{ 1 = 'Collection'; 2 = 'Package'; 3 = 'Advertisement'; 4 = 'Status message'; 6 = 'Site'; 7 = 'Query'; 8 = 'Report'; 9 = 'Metered product rule' }
    foreach ($mapping in $mappings) {
        $code = "$(Get-Value -Object $mapping -Name 'SourceSiteCode')"
        $server = "$(Get-Value -Object $mapping -Name 'SourceSiteFQDN')"
        $row = [ordered]@{ Source = $code; Server = $server }
        if ($server.Contains('.')) { $row['Domain'] = $server.Substring($server.IndexOf('.') + 1) }
        foreach ($source in $sources) {
            if ("$(Get-Value -Object $source -Name 'SiteCode')" -ne $code) { continue }
            $version = "$(Get-Value -Object $source -Name 'Version')"
            if ($version -match '^4\.') { $row['Generation'] = '2007' } elseif ($version -match '^5\.') { $row['Generation'] = 'later' }
        }
        if (Test-Wanted -Class 'SourceSite') { Add-Row -Class 'SourceSite' -Row $row }
        if (-not (Test-Wanted -Class 'SourceSitePermission') -or $SkipHosts) { continue }
        try {
            if (-not $row.Contains('Generation') -or $row['Generation'] -ne '2007') { throw 'permissions are read from sites of Configuration Manager 2007 only' }
            $session = Connect-Computer -Name $server
            $granted = [ordered]@{}
            foreach ($one in @(Get-CimInstance -CimSession $session -Namespace "root\sms\site_$code" -ClassName SMS_UserClassPermissionNames -OperationTimeoutSec $TimeoutSeconds)) {
                $number = [int] $one.ObjectKey
                $kind = if ($kinds.ContainsKey($number)) { $kinds[$number] } else { "$number" }
                $key = "$($one.UserName)|$kind"
                if (-not $granted.Contains($key)) { $granted[$key] = New-Object -TypeName 'System.Collections.Generic.List[object]' }
                $granted[$key].Add("$($one.PermissionName)")
            }
            $session.Close()
            foreach ($key in @($granted.Keys)) {
                $account, $kind = $key -split '\|', 2
                Add-Row -Class 'SourceSitePermission' -Row ([ordered]@{ Source = $code; Account = $account; Object = $kind; Permissions = $granted[$key].ToArray() })
            }
        }
        catch {
            Add-Failure -Class 'SourceSitePermission' -Target "source site $code" -Reason $_ -Tags @{ Source = $code }
        }
    }
}

function Read-Exchange {
    # The management roles of those who have any, where this is an Exchange Management Shell.
    $class = 'ManagementRoleAssignment'
    if (-not (Test-Wanted -Class $class)) { return }
    try {
        if (-not (Get-Command -Name 'Get-ManagementRoleAssignment' -ErrorAction SilentlyContinue)) {
            throw 'the cmdlets of Exchange are not here: run this in the Exchange Management Shell to have them read'
        }
        $found = @(Get-ManagementRoleAssignment -GetEffectiveUsers)
        Add-Class -Class $class
        foreach ($assignment in $found) {
            Add-Row -Class $class -Row ([ordered]@{
                    Role = "$(Get-Value -Object $assignment -Name 'Role')"
                    RoleAssigneeName = "$(Get-Value -Object $assignment -Name 'RoleAssigneeName')"
                    EffectiveUserName = "$(Get-Value -Object $assignment -Name 'EffectiveUserName')"
                    Enabled = "$(Get-Value -Object $assignment -Name 'Enabled')" -eq 'True'
                })
        }
    }
    catch {
        Add-Failure -Class $class -Target 'Exchange' -Reason $_
    }
}

# Classes that are made of those of the provider.
$SiteClasses = 'AccountChange', 'ContentStatus', 'DatabaseLink', 'SourceSite', 'SourceSitePermission'

function Read-Site {
    param([hashtable] $Site)
    foreach ($class in 'SMS_Site', 'SMS_SCI_Reserved', 'SMS_PackageAccessByUsers', 'SMS_MigrationSiteMapping') {
        Write-Progress -Id 1 -Activity 'Site' -Status $class
        Read-SiteClass -Site $Site -Class $class
    }
    foreach ($class in 'SMS_SCI_SiteDefinition', 'SMS_SCI_SysResUse', 'SMS_SCI_ClientComp', 'SMS_SCI_Component', 'SMS_SCI_Address', 'SMS_Admin', 'SMS_Role', 'SMS_ClientSettings', 'SMS_CollectionSettings') {
        Write-Progress -Id 1 -Activity 'Site' -Status $class
        Read-SiteClass -Site $Site -Class $class -Whole
    }
    Write-Progress -Id 1 -Activity 'Site' -Completed
    Read-Forests -Site $Site
    Read-Devices -Site $Site
    Read-AccountChanges -Site $Site
    Read-ContentStatus -Site $Site
    Read-Links -Site $Site
    Read-Sources -Site $Site
    Read-Sequences -Site $Site
}

# ---------------------------------------------------------------------------------------------------------------------
# Computers

$HostClasses = 'Win32_ComputerSystem', 'LocalGroup', 'LocalGroupMembers', 'UserRightsAssignment', 'SecurityPolicy', 'DirectorySecurity', 'MSFT_SmbShare', 'MSFT_SmbShareAccessControlEntry', '__SystemSecurity', 'DcomSecurity'

# Runs on each computer, also with older versions of PowerShell, and uses nothing from outside of it. What it gives
# are objects with a class and a row as JSON.
$HostBlock = {
    param([string] $Wanted, [string] $Folders)
    $ErrorActionPreference = 'Stop'
    $classes = $Wanted -split '\|'
    $system = $null
    $computer = $env:COMPUTERNAME
    $isController = $false

    function Send-Row {
        param([string] $Class, [System.Collections.IDictionary] $Row)
        New-Object -TypeName PSObject -Property @{
            Class = $Class
            Json = ConvertTo-Json -InputObject $Row -Depth 10 -Compress
        }
    }

    function Send-Failure {
        param([string] $Class, $Problem, [System.Collections.IDictionary] $Tags = @{})
        $row = [ordered]@{
            Class = $Class
            Target = $computer
            Reason = ($Problem.Exception.Message -replace '\s+', ' ').Trim()
            Computer = $computer
        }
        foreach ($key in $Tags.Keys) { $row[$key] = $Tags[$key] }
        Send-Row -Class 'CollectorReport' -Row $row
    }

    function Get-AccountName {
        # The name of a security identifier; the identifier itself where it has none.
        param([System.Security.Principal.SecurityIdentifier] $Sid)
        try { return $Sid.Translate([System.Security.Principal.NTAccount]).Value }
        catch { return $Sid.Value }
    }

    function Send-Members {
        param($Group, [string] $MachineSid)
        $entry = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList "WinNT://$env:COMPUTERNAME/$($Group.Name),group"
        $members = New-Object -TypeName 'System.Collections.Generic.List[object]'
        foreach ($native in @($entry.psbase.Invoke('Members'))) {
            $member = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList $native
            $bytes = $member.psbase.Properties['objectSid'].Value
            $sid = New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $bytes, 0
            $source = 'Unknown'
            if ($MachineSid -ne '' -and $sid.Value.StartsWith("$MachineSid-")) { $source = 'Local' }
            elseif ($sid.Value.StartsWith('S-1-5-21-')) { $source = 'ActiveDirectory' }
            elseif ($sid.Value.StartsWith('S-1-12-1-')) { $source = 'AzureAD' }
            $members.Add([ordered]@{
                    Name = Get-AccountName -Sid $sid
                    SID = $sid.Value
                    ObjectClass = "$($member.psbase.SchemaClassName)"
                    PrincipalSource = $source
                })
        }
        Send-Row -Class 'LocalGroupMembers' -Row ([ordered]@{
                Computer = $computer
                Group = "$($Group.Name)"
                GroupSid = "$($Group.SID)"
                Members = $members.ToArray()
            })
    }

    function Send-Groups {
        $groups = @(Get-CimInstance -ClassName Win32_Group -Filter 'LocalAccount = True')
        if ($isController) {
            # On a domain controller these are the groups of the domain, thousands of them.
            $groups = @($groups | Where-Object { $_.SID -like 'S-1-5-32-*' -or $_.Name -match '^(SMS|ConfigMgr|Configuration Manager)' })
        }
        $machineSid = ''
        if (-not $isController) {
            $accounts = @(Get-CimInstance -ClassName Win32_UserAccount -Filter 'LocalAccount = True')
            if ($accounts.Count -gt 0) { $machineSid = "$($accounts[0].SID)" -replace '-\d+$', '' }
        }
        foreach ($group in $groups) {
            if ($classes -contains 'LocalGroup') {
                Send-Row -Class 'LocalGroup' -Row ([ordered]@{
                        Computer = $computer
                        Name = "$($group.Name)"
                        SID = "$($group.SID)"
                        PrincipalSource = if ($isController) { 'ActiveDirectory' } else { 'Local' }
                        Description = "$($group.Description)"
                    })
            }
            if ($classes -notcontains 'LocalGroupMembers') { continue }
            try { Send-Members -Group $group -MachineSid $machineSid }
            catch { Send-Failure -Class 'LocalGroupMembers' -Problem $_ -Tags @{ Group = "$($group.Name)"; GroupSid = "$($group.SID)" } }
        }
    }

    function Send-Rights {
        # secedit writes to a file only; the file is gone when this returns.
        $file = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), "cmlint-$([guid]::NewGuid()).inf")
        $log = "$file.log"
        try {
            $null = & "$env:SystemRoot\System32\secedit.exe" /export /areas USER_RIGHTS /cfg $file /log $log /quiet
            if (-not [System.IO.File]::Exists($file)) { throw "secedit ended with $LASTEXITCODE and wrote nothing; it needs an administrator" }
            $lines = [System.IO.File]::ReadAllLines($file)
        }
        finally {
            [System.IO.File]::Delete($file)
            [System.IO.File]::Delete($log)
        }
        # A right that nobody has is not in the file.
        $holders = [ordered]@{}
        foreach ($right in 'SeNetworkLogonRight', 'SeInteractiveLogonRight', 'SeRemoteInteractiveLogonRight', 'SeBatchLogonRight', 'SeServiceLogonRight', 'SeDenyNetworkLogonRight', 'SeDenyInteractiveLogonRight', 'SeDenyRemoteInteractiveLogonRight', 'SeDenyBatchLogonRight', 'SeDenyServiceLogonRight', 'SeMachineAccountPrivilege') {
            $holders[$right] = @()
        }
        foreach ($line in $lines) {
            if ($line -match '^\s*(Se\w+)\s*=\s*(.*)$') {
                $right = $Matches[1]
                $holders[$right] = @($Matches[2] -split ',' | ForEach-Object { $_.Trim() } | Where-Object { $_ -ne '' })
            }
        }
        foreach ($right in @($holders.Keys)) {
            $members = New-Object -TypeName 'System.Collections.Generic.List[object]'
            $trustees = New-Object -TypeName 'System.Collections.Generic.List[object]'
            foreach ($holder in @($holders[$right])) {
                if ($holder.StartsWith('*')) {
                    $sid = New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $holder.Substring(1)
                    $members.Add($sid.Value)
                    $trustees.Add([ordered]@{ Name = Get-AccountName -Sid $sid; Sid = $sid.Value })
                }
                else {
                    $members.Add($holder)
                    $trustees.Add([ordered]@{ Name = $holder })
                }
            }
            Send-Row -Class 'UserRightsAssignment' -Row ([ordered]@{
                    Computer = $computer
                    Source = 'template'
                    Name = ''
                    Right = $right
                    Members = $members.ToArray()
                    Trustees = $trustees.ToArray()
                    Enabled = $true
                })
        }
        Send-Row -Class 'SecurityPolicy' -Row ([ordered]@{ Computer = $computer; Source = 'template'; Name = ''; UserRights = $true })
    }

    function Get-Folders {
        # A folder and those in it, so many levels deep.
        param([string] $Path, [int] $Levels)
        if (-not [System.IO.Directory]::Exists($Path)) { return }
        $Path
        if ($Levels -lt 1) { return }
        foreach ($inner in [System.IO.Directory]::GetDirectories($Path)) { Get-Folders -Path $inner -Levels ($Levels - 1) }
    }

    function Send-Folder {
        param([string] $Path)
        try {
            $security = Get-Acl -LiteralPath $Path
            Send-Row -Class 'DirectorySecurity' -Row ([ordered]@{
                    Computer = $computer
                    Path = $Path
                    Owner = "$($security.Owner)"
                    Sddl = "$($security.Sddl)"
                })
        }
        catch { Send-Failure -Class 'DirectorySecurity' -Problem $_ -Tags @{ Path = $Path; Secures = 'folder' } }
    }

    function Send-Installation {
        # The folders of an installation of the product, if there is one here.
        $roots = @($Folders -split '\|' | Where-Object { $_ -ne '' })
        $key = 'HKLM:\SOFTWARE\Microsoft\SMS\Identification'
        if (Test-Path -LiteralPath $key) {
            $property = (Get-ItemProperty -LiteralPath $key).PSObject.Properties['Installation Directory']
            if ($null -ne $property) { $roots += "$($property.Value)" }
        }
        $seen = @{}
        foreach ($root in $roots) {
            $root = $root.TrimEnd('\')
            if ($seen.ContainsKey($root) -or -not [System.IO.Directory]::Exists($root)) { continue }
            $seen[$root] = $true
            Send-Folder -Path $root
            foreach ($folder in @(Get-Folders -Path "$root\inboxes" -Levels 2)) { Send-Folder -Path $folder }
            foreach ($folder in @(Get-Folders -Path "$root\OSD" -Levels 2)) { Send-Folder -Path $folder }
            foreach ($folder in @(Get-Folders -Path "$root\sinv.box" -Levels 1)) { Send-Folder -Path $folder }
        }
    }

    function Send-Shares {
        foreach ($share in @(Get-SmbShare)) {
            if ($classes -contains 'MSFT_SmbShare') {
                Send-Row -Class 'MSFT_SmbShare' -Row ([ordered]@{
                        Computer = $computer
                        Name = "$($share.Name)"
                        ScopeName = "$($share.ScopeName)"
                        Path = "$($share.Path)"
                        Description = "$($share.Description)"
                        Special = [bool] $share.Special
                    })
            }
            if ($share.Special) { continue }
            if ($classes -contains 'MSFT_SmbShareAccessControlEntry') {
                try {
                    foreach ($entry in @(Get-SmbShareAccess -Name $share.Name -ScopeName $share.ScopeName)) {
                        Send-Row -Class 'MSFT_SmbShareAccessControlEntry' -Row ([ordered]@{
                                Computer = $computer
                                Name = "$($share.Name)"
                                ScopeName = "$($share.ScopeName)"
                                AccountName = "$($entry.AccountName)"
                                AccessControlType = "$($entry.AccessControlType)"
                                AccessRight = "$($entry.AccessRight)"
                            })
                    }
                }
                catch { Send-Failure -Class 'MSFT_SmbShareAccessControlEntry' -Problem $_ -Tags @{ Name = "$($share.Name)" } }
            }
            if ($classes -contains 'DirectorySecurity' -and "$($share.Path)" -ne '' -and [System.IO.Directory]::Exists("$($share.Path)")) {
                Send-Folder -Path "$($share.Path)"
            }
        }
    }

    function Send-Namespaces {
        # Who may use the name spaces of the product, where this computer has them.
        $names = @(Get-CimInstance -Namespace 'root' -ClassName '__NAMESPACE' | Where-Object { $_.Name -eq 'SMS' })
        if ($names.Count -eq 0) { return }
        $spaces = @('root\SMS')
        foreach ($inner in @(Get-CimInstance -Namespace 'root\SMS' -ClassName '__NAMESPACE')) { $spaces += "root\SMS\$($inner.Name)" }
        foreach ($space in $spaces) {
            try {
                $answer = Invoke-CimMethod -Namespace $space -ClassName '__SystemSecurity' -MethodName 'GetSD'
                if ($answer.ReturnValue -ne 0) { throw "GetSD answered $($answer.ReturnValue)" }
                $descriptor = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList ([byte[]] $answer.SD), 0
                Send-Row -Class '__SystemSecurity' -Row ([ordered]@{
                        Computer = $computer
                        Namespace = $space
                        ReturnValue = [int] $answer.ReturnValue
                        Descriptor = $descriptor.GetSddlForm([System.Security.AccessControl.AccessControlSections]::All)
                    })
            }
            catch { Send-Failure -Class '__SystemSecurity' -Problem $_ -Tags @{ Namespace = $space } }
        }
    }

    function Send-Dcom {
        # Who may start and activate components from elsewhere: the limits and defaults of the computer, and what is
        # set for Windows Management Instrumentation, through which consoles connect.
        $ole = 'HKLM:\SOFTWARE\Microsoft\Ole'
        $management = 'HKLM:\SOFTWARE\Classes\AppID\{8BC3F05E-D86B-11D0-A075-00C04FB68820}'
        $places = @(
            @{ Key = $ole; Value = 'MachineLaunchRestriction'; Application = 'machine limits' },
            @{ Key = $ole; Value = 'DefaultLaunchPermission'; Application = 'machine defaults' },
            @{ Key = $management; Value = 'LaunchPermission'; Application = 'Windows Management and Instrumentation' }
        )
        foreach ($place in $places) {
            if (-not (Test-Path -LiteralPath $place.Key)) { continue }
            $property = (Get-ItemProperty -LiteralPath $place.Key).PSObject.Properties[$place.Value]
            if ($null -eq $property) { continue }
            $descriptor = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList ([byte[]] $property.Value), 0
            Send-Row -Class 'DcomSecurity' -Row ([ordered]@{
                    Computer = $computer
                    Application = $place.Application
                    Sddl = $descriptor.GetSddlForm([System.Security.AccessControl.AccessControlSections]::All)
                })
        }
    }

    try {
        $system = Get-CimInstance -ClassName Win32_ComputerSystem
        if ($system.PartOfDomain -and "$($system.Domain)" -ne '') { $computer = "$env:COMPUTERNAME.$($system.Domain)".ToLowerInvariant() }
        $isController = [int] $system.DomainRole -ge 4
        if ($classes -contains 'Win32_ComputerSystem') {
            Send-Row -Class 'Win32_ComputerSystem' -Row ([ordered]@{
                    Computer = $computer
                    Name = "$($system.Name)"
                    DNSHostName = "$($system.DNSHostName)"
                    Domain = "$($system.Domain)"
                    PartOfDomain = [bool] $system.PartOfDomain
                    DomainRole = [int] $system.DomainRole
                })
        }
    }
    catch { Send-Failure -Class 'Win32_ComputerSystem' -Problem $_ }

    $steps = @(
        @{ Classes = @('LocalGroup', 'LocalGroupMembers'); Step = { Send-Groups } },
        @{ Classes = @('UserRightsAssignment', 'SecurityPolicy'); Step = { Send-Rights } },
        @{ Classes = @('DirectorySecurity'); Step = { Send-Installation } },
        @{ Classes = @('MSFT_SmbShare', 'MSFT_SmbShareAccessControlEntry', 'DirectorySecurity'); Step = { Send-Shares } },
        @{ Classes = @('__SystemSecurity'); Step = { Send-Namespaces } },
        @{ Classes = @('DcomSecurity'); Step = { Send-Dcom } }
    )
    foreach ($step in $steps) {
        $here = @($step.Classes | Where-Object { $classes -contains $_ })
        if ($here.Count -eq 0) { continue }
        try { & $step.Step }
        catch {
            $problem = $_
            foreach ($class in $here) {
                $tags = @{}
                if ($class -eq 'DirectorySecurity') { $tags['Secures'] = 'folder' }
                Send-Failure -Class $class -Problem $problem -Tags $tags
            }
        }
    }
}

function Get-NamedComputer {
    # The computers that the rows of the site name: site servers, site systems, database servers.
    $names = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $patterns = '"(?:ServerName|SiteServerName|SQLServerName)":"([^"\\]+)', '"NetworkOSPath":"\\\\\\\\([^"\\]+)', '"PropertyName":"(?:SQLServerName|DatabaseServerName|DBServerName)"[^{}]*?"Value[12]":"([^"\\]+)'
    foreach ($class in 'SMS_Site', 'SMS_SCI_SiteDefinition', 'SMS_SCI_SysResUse') {
        if (-not $Rows.ContainsKey($class)) { continue }
        foreach ($json in $Rows[$class]) {
            foreach ($pattern in $patterns) {
                foreach ($match in [regex]::Matches($json, $pattern)) { $names.Add($match.Groups[1].Value) }
            }
        }
    }
    return $names.ToArray()
}

function Get-HostList {
    # The computers to look at, each once, with the longest name it is known by.
    param([string[]] $Names)
    $skip = @($SkipComputerName | ForEach-Object { Get-ShortName -Name $_ })
    $byShort = [ordered]@{}
    foreach ($name in $Names) {
        $clean = "$name".Trim().TrimStart('\')
        # A server that runs in the cloud is no computer of the network.
        if ($clean -eq '' -or $clean -match '\.(cloudapp\.net|cloudapp\.azure\.com|manage\.microsoft\.com)$') { continue }
        $short = Get-ShortName -Name $clean
        if ($short -eq '' -or $skip -contains $short) { continue }
        if (-not $byShort.Contains($short) -or $clean.Length -gt "$($byShort[$short])".Length) { $byShort[$short] = $clean }
    }
    return @($byShort.Values)
}

function Add-HostAnswer {
    # Takes over what a computer answered. Only the classes that were asked for are taken.
    param($Answer, [string] $Target)
    foreach ($item in @($Answer)) {
        $class = Get-Value -Object $item -Name 'Class'
        $json = Get-Value -Object $item -Name 'Json'
        if (-not $class -or -not $json) { continue }
        if ($class -ne 'CollectorReport') {
            if (Test-Wanted -Class $class) { Add-Json -Class $class -Json $json }
            continue
        }
        $tags = @{}
        $report = ConvertFrom-Json -InputObject $json
        foreach ($property in $report.PSObject.Properties) {
            if ('Class', 'Target', 'Reason' -notcontains $property.Name) { $tags[$property.Name] = $property.Value }
        }
        Add-Failure -Class $report.Class -Target $report.Target -Reason $report.Reason -Tags $tags
    }
}

function Read-Hosts {
    # Asks all computers at the same time, this one without remoting.
    param([string[]] $Names)
    $wanted = @($HostClasses | Where-Object { Test-Wanted -Class $_ })
    if ($wanted.Count -eq 0) { return }
    $list = $wanted -join '|'
    $remote = @($Names | Where-Object { (Get-ShortName -Name $_) -ne $env:COMPUTERNAME })
    if ($remote.Count -lt $Names.Count) {
        Write-Progress -Id 1 -Activity 'Computers' -Status $env:COMPUTERNAME
        try { Add-HostAnswer -Answer @(& $HostBlock $list '') -Target $env:COMPUTERNAME }
        catch { Add-Failure -Class $wanted -Target $env:COMPUTERNAME -Reason $_ -Tags @{ Computer = $env:COMPUTERNAME } }
    }
    if ($remote.Count -eq 0) { return }
    $milliseconds = 1000 * $TimeoutSeconds
    $option = New-PSSessionOption -OpenTimeout ([math]::Min($milliseconds, 60000)) -OperationTimeout $milliseconds -CancelTimeout 10000
    $job = Invoke-Command -ComputerName $remote -ScriptBlock $HostBlock -ArgumentList $list, '' -SessionOption $option -ThrottleLimit $ThrottleLimit -AsJob
    $rounds = [math]::Ceiling($remote.Count / $ThrottleLimit)
    $until = (Get-Date).AddSeconds($TimeoutSeconds * $rounds)
    while ((Get-Date) -lt $until) {
        $open = @($job.ChildJobs | Where-Object { 'NotStarted', 'Running' -contains "$($_.State)" })
        Write-Progress -Id 1 -Activity 'Computers' -Status "$($remote.Count - $open.Count) of $($remote.Count)" -PercentComplete (100 * ($remote.Count - $open.Count) / $remote.Count)
        if ($open.Count -eq 0) { break }
        $null = Wait-Job -Job $job -Timeout 2
    }
    foreach ($child in @($job.ChildJobs)) {
        $target = "$($child.Location)"
        $state = "$($child.State)"
        $problems = @()
        $answer = @(Receive-Job -Job $child -ErrorAction SilentlyContinue -ErrorVariable problems)
        Add-HostAnswer -Answer $answer -Target $target
        $reason = $null
        if ('NotStarted', 'Running' -contains $state) { $reason = "no answer within $TimeoutSeconds seconds" }
        elseif ($state -ne 'Completed') {
            if (@($problems).Count -gt 0) { $reason = $problems[0] }
            elseif ($null -ne $child.JobStateInfo.Reason) { $reason = $child.JobStateInfo.Reason }
            else { $reason = "the remote session ended as $state" }
        }
        elseif ($answer.Count -eq 0) { $reason = 'the computer answered nothing' }
        if ($null -ne $reason) { Add-Failure -Class $wanted -Target $target -Reason $reason -Tags @{ Computer = $target } }
    }
    Stop-Job -Job $job
    $null = Receive-Job -Job $job -Wait -AutoRemoveJob -ErrorAction SilentlyContinue
    Write-Progress -Id 1 -Activity 'Computers' -Completed
}

function Read-Targets {
    # The permissions of the shared folders that task sequences write to or connect to.
    $class = 'DirectorySecurity'
    if (-not (Test-Wanted -Class $class) -or -not $Rows.ContainsKey('SMS_TaskSequencePackage')) { return }
    $seen = @{}
    foreach ($json in @($Rows['SMS_TaskSequencePackage'])) {
        $row = ConvertFrom-Json -InputObject $json
        foreach ($match in [regex]::Matches("$($row.Sequence)", '(?i)name="(?:OSDCaptureDestination|SMSConnectNetworkFolderPath)"[^>]*>\s*(\\\\[^<%]+?)\s*<')) {
            $path = $match.Groups[1].Value
            # A captured image is a file: its folder is what counts.
            if ($path -match '\.wim$') { $path = [System.IO.Path]::GetDirectoryName($path) }
            if (-not $path -or $seen.ContainsKey($path)) { continue }
            $seen[$path] = $true
            $server = Get-ShortName -Name $path
            if (@($SkipComputerName | ForEach-Object { Get-ShortName -Name $_ }) -contains $server) { continue }
            try {
                $security = Get-Acl -LiteralPath $path
                Add-Row -Class $class -Row ([ordered]@{ Computer = $server; Path = $path; Owner = "$($security.Owner)"; Sddl = "$($security.Sddl)" })
            }
            catch {
                Add-Failure -Class $class -Target $path -Reason $_ -Tags @{ Computer = $server; Path = $path; Secures = 'folder' }
            }
        }
    }
}

# ---------------------------------------------------------------------------------------------------------------------
# Active Directory

function Get-DomainInfo {
    # A domain: its names, its identifier, where to search it.
    param([string] $DnsName)
    $context = New-Object -TypeName System.DirectoryServices.ActiveDirectory.DirectoryContext -ArgumentList 'Domain', $DnsName
    $found = [System.DirectoryServices.ActiveDirectory.Domain]::GetDomain($context)
    $root = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList "LDAP://$DnsName/RootDSE"
    $name = "$($root.psbase.Properties['defaultNamingContext'].Value)"
    $configuration = "$($root.psbase.Properties['configurationNamingContext'].Value)"
    $head = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList "LDAP://$DnsName/$name"
    $sid = New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $head.psbase.Properties['objectSid'].Value, 0
    $partition = Find-Directory -Base "LDAP://$DnsName/CN=Partitions,$configuration" -Filter "(&(objectClass=crossRef)(nCName=$(Get-Escaped -Text $name)))" -Properties 'nETBIOSName' | Select-Object -First 1
    $short = ''
    if ($null -ne $partition) { $short = "$(Get-First -Result $partition -Name 'nETBIOSName')" }
    return @{
        Dns = $DnsName
        Short = $short
        Name = $name
        Sid = $sid.Value
        Controller = "$($found.PdcRoleOwner.Name)"
    }
}

function Get-Escaped {
    # A text as it may stand in a search filter.
    param([string] $Text)
    return $Text.Replace('\', '\5c').Replace('*', '\2a').Replace('(', '\28').Replace(')', '\29')
}

function Find-Directory {
    # What a search below a place gives.
    param([string] $Base, [string] $Filter, [string[]] $Properties, [string] $Scope = 'Subtree', [switch] $Security)
    $entry = New-Object -TypeName System.DirectoryServices.DirectoryEntry -ArgumentList $Base
    $searcher = New-Object -TypeName System.DirectoryServices.DirectorySearcher -ArgumentList $entry, $Filter, $Properties
    $searcher.SearchScope = $Scope
    $searcher.PageSize = 500
    $searcher.ClientTimeout = [timespan]::FromSeconds($TimeoutSeconds)
    if ($Security) { $searcher.SecurityMasks = 'Owner, Group, Dacl' }
    $found = $searcher.FindAll()
    try { foreach ($result in $found) { $result } }
    finally { $found.Dispose() }
}

function Get-First {
    # The first value of an attribute that a search gave.
    param($Result, [string] $Name)
    $values = $Result.Properties[$Name]
    if ($null -eq $values -or $values.Count -eq 0) { return $null }
    # Bytes are one value.
    return , $values[0]
}

function Get-ResultSid {
    param($Result)
    $bytes = Get-First -Result $Result -Name 'objectSid'
    if ($null -eq $bytes) { return '' }
    return (New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $bytes, 0).Value
}

function Read-Domain {
    # Names, trusts and permissions of one domain.
    param([hashtable] $Info)
    if (Test-Wanted -Class 'ADDomain') {
        Add-Row -Class 'ADDomain' -Row ([ordered]@{ NetBIOSName = $Info.Short; DNSRoot = $Info.Dns; DomainSID = $Info.Sid; DistinguishedName = $Info.Name })
    }
    if (Test-Wanted -Class 'TrustList') {
        try {
            $found = @(Find-Directory -Base "LDAP://$($Info.Dns)/CN=System,$($Info.Name)" -Filter '(objectClass=trustedDomain)' -Scope 'OneLevel' -Properties 'cn', 'trustPartner', 'flatName', 'trustDirection', 'trustType', 'trustAttributes')
            $trusts = New-Object -TypeName 'System.Collections.Generic.List[object]'
            foreach ($trust in $found) {
                $attributes = [int] (Get-First -Result $trust -Name 'trustAttributes')
                $trusts.Add([ordered]@{
                        Name = "$(Get-First -Result $trust -Name 'cn')"
                        Target = "$(Get-First -Result $trust -Name 'trustPartner')"
                        FlatName = "$(Get-First -Result $trust -Name 'flatName')"
                        Direction = [int] (Get-First -Result $trust -Name 'trustDirection')
                        TrustType = [int] (Get-First -Result $trust -Name 'trustType')
                        ForestTransitive = ($attributes -band 8) -ne 0
                        SelectiveAuthentication = ($attributes -band 16) -ne 0
                        IntraForest = ($attributes -band 32) -ne 0
                    })
            }
            Add-Row -Class 'TrustList' -Row ([ordered]@{ Domain = $Info.Dns; Trusts = $trusts.ToArray() })
        }
        catch { Add-Failure -Class 'TrustList' -Target $Info.Dns -Reason $_ -Tags @{ Domain = $Info.Dns } }
    }
    if (Test-Wanted -Class 'ActiveDirectorySecurity') {
        try {
            $filter = '(|(objectClass=domainDNS)(objectClass=organizationalUnit)(distinguishedName=CN=System Management,CN=System,{0})(distinguishedName=CN=Computers,{0})(distinguishedName=CN=Users,{0}))' -f $Info.Name
            $found = @(Find-Directory -Base "LDAP://$($Info.Dns)/$($Info.Name)" -Filter $filter -Properties 'distinguishedName', 'nTSecurityDescriptor' -Security)
            Add-Class -Class 'ActiveDirectorySecurity'
            foreach ($place in $found) {
                $bytes = Get-First -Result $place -Name 'nTSecurityDescriptor'
                $name = "$(Get-First -Result $place -Name 'distinguishedName')"
                if ($null -eq $bytes) {
                    Add-Failure -Class 'ActiveDirectorySecurity' -Target $name -Reason 'the security descriptor may not be read' -Tags @{ Path = "AD:\$name"; Secures = 'directory' }
                    continue
                }
                $descriptor = New-Object -TypeName System.Security.AccessControl.RawSecurityDescriptor -ArgumentList ([byte[]] $bytes), 0
                Add-Row -Class 'ActiveDirectorySecurity' -Row ([ordered]@{
                        Domain = $Info.Dns
                        Path = "AD:\$name"
                        Sddl = $descriptor.GetSddlForm([System.Security.AccessControl.AccessControlSections]::All)
                    })
            }
        }
        catch { Add-Failure -Class 'ActiveDirectorySecurity' -Target $Info.Dns -Reason $_ -Tags @{ Domain = $Info.Dns; Secures = 'directory' } }
    }
}

function Get-MentionedAccount {
    # The accounts that the rows so far name: identifiers, and domain and name. As hash sets.
    $sids = New-Object -TypeName 'System.Collections.Generic.HashSet[string]' -ArgumentList ([System.StringComparer]::OrdinalIgnoreCase)
    $names = New-Object -TypeName 'System.Collections.Generic.HashSet[string]' -ArgumentList ([System.StringComparer]::OrdinalIgnoreCase)
    foreach ($class in @($Rows.Keys)) {
        # The permissions of a whole directory name everyone.
        if ($class -eq 'ActiveDirectorySecurity' -or $class -eq 'CollectorReport') { continue }
        foreach ($written in $Rows[$class]) {
            # Windows PowerShell escapes these.
            $json = $written.Replace('\u003c', '<').Replace('\u003e', '>').Replace('\u0026', '&').Replace('\u0027', "'")
            foreach ($match in [regex]::Matches($json, 'S-1-5-21(?:-\d{1,10}){4}')) { $null = $sids.Add($match.Value) }
            foreach ($match in [regex]::Matches($json, '["\\>;=]([A-Za-z0-9._-]{1,255})\\\\([^"\\/:*?<>|\[\];,=+]{1,64})(?=["\\<;|])')) {
                $null = $names.Add($match.Groups[1].Value + '\' + $match.Groups[2].Value)
            }
            foreach ($match in [regex]::Matches($json, '["\\>;]([^"\\/:*?<>|\[\];,=+@\s]{1,64})@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?=["\\<;])')) {
                $null = $names.Add($match.Groups[2].Value + '\' + $match.Groups[1].Value)
            }
        }
    }
    return @{ Sids = $sids; Names = $names }
}

$AccountProperties = 'sAMAccountName', 'distinguishedName', 'objectSid', 'objectClass', 'userAccountControl', 'pwdLastSet', 'profilePath', 'primaryGroupID', 'userPrincipalName', 'groupType', 'msDS-User-Account-Control-Computed'

function Add-Principal {
    # A user, computer or group of a domain, as a row. Gives what is needed to go on with a group.
    param($Result, [hashtable] $Info, [System.Collections.Generic.HashSet[string]] $Seen, [System.Collections.Generic.List[object]] $Builtin)
    $sid = Get-ResultSid -Result $Result
    $classes = @($Result.Properties['objectClass'] | ForEach-Object { "$_" })
    $name = "$(Get-First -Result $Result -Name 'sAMAccountName')"
    $place = "$(Get-First -Result $Result -Name 'distinguishedName')"
    $kind = if ($classes.Count -gt 0) { $classes[-1] } else { '' }
    $isGroup = $classes -contains 'group'
    $type = [int] (Get-First -Result $Result -Name 'groupType')
    $scope = ''
    if ($isGroup) { $scope = if (($type -band 2) -ne 0) { 'Global' } elseif (($type -band 8) -ne 0) { 'Universal' } else { 'DomainLocal' } }
    $about = @{ Sid = $sid; Name = $name; Place = $place; Kind = $kind; IsGroup = $isGroup; Scope = $scope; Info = $Info }
    if ($sid -eq '' -or $name -eq '') { return $about }
    # Each domain has built-in groups under the same identifiers.
    $key = if ($sid.StartsWith('S-1-5-21-')) { $sid } else { "$($Info.Dns)|$sid" }
    if (-not $Seen.Add($key)) { return $about }
    if ($isGroup) {
        Add-Row -Class 'ADGroup' -Row ([ordered]@{
                SamAccountName = $name
                DistinguishedName = $place
                SID = $sid
                ObjectClass = $kind
                GroupScope = $scope
                GroupCategory = if ($type -lt 0) { 'Security' } else { 'Distribution' }
            })
        return $about
    }
    $control = [int] (Get-First -Result $Result -Name 'userAccountControl')
    $set = Get-First -Result $Result -Name 'pwdLastSet'
    $changed = $null
    if ($null -ne $set -and [long] $set -gt 0) { $changed = ConvertTo-Plain -Value ([datetime]::FromFileTimeUtc([long] $set)) }
    $row = [ordered]@{
        SamAccountName = $name
        DistinguishedName = $place
        SID = $sid
        ObjectClass = $kind
        Enabled = ($control -band 2) -eq 0
        LockedOut = ([int] (Get-First -Result $Result -Name 'msDS-User-Account-Control-Computed') -band 16) -ne 0
        PasswordLastSet = $changed
        ProfilePath = "$(Get-First -Result $Result -Name 'profilePath')"
        PrimaryGroupID = [int] (Get-First -Result $Result -Name 'primaryGroupID')
        UserPrincipalName = "$(Get-First -Result $Result -Name 'userPrincipalName')"
    }
    # Guest and krbtgt are in every domain and named by nobody: where they are listed, all accounts are.
    if ($sid -match '^S-1-5-21-.*-50[12]$') { $Builtin.Add($row) }
    else { Add-Row -Class 'ADUser' -Row $row }
    return $about
}

function Get-MemberNames {
    # The distinguished names of the members of a group, read in portions.
    param([string] $Server, [string] $Place)
    $names = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $base = "LDAP://$Server/" + $Place.Replace('/', '\/')
    do {
        $last = $true
        $from = $names.Count
        foreach ($result in @(Find-Directory -Base $base -Filter '(objectClass=*)' -Scope 'Base' -Properties "member;range=$from-*")) {
            foreach ($key in @($result.Properties.PropertyNames)) {
                if ($key -notlike 'member;range=*') { continue }
                foreach ($value in $result.Properties[$key]) { $names.Add("$value") }
                $last = $key -like '*-`*'
            }
        }
        if ($names.Count -gt $MaxMembers) { throw "the group has more than $MaxMembers members; -MaxMembers sets how many are read" }
    } until ($last -or $names.Count -eq $from)
    return $names.ToArray()
}

function Read-Members {
    # The members of a group as a row. Gives those that are groups of a domain that is read.
    param([hashtable] $Group, [hashtable] $Domains, [System.Collections.Generic.HashSet[string]] $Seen, [System.Collections.Generic.List[object]] $Builtin)
    $domain = if ($Group.Info.Short -ne '') { $Group.Info.Short } else { $Group.Info.Dns }
    $tags = [ordered]@{ Domain = $domain; Group = $Group.Name; GroupSid = $Group.Sid }
    try {
        $members = New-Object -TypeName 'System.Collections.Generic.List[object]'
        $inner = New-Object -TypeName 'System.Collections.Generic.List[object]'
        $listed = New-Object -TypeName 'System.Collections.Generic.List[object]'
        foreach ($place in @(Get-MemberNames -Server $Group.Info.Dns -Place $Group.Place)) {
            $dns = (@([regex]::Matches($place, '(?i)(?:^|,)DC=([^,]+)') | ForEach-Object { $_.Groups[1].Value }) -join '.')
            $info = if ($Domains.ContainsKey($dns)) { $Domains[$dns] } else { @{ Dns = $dns; Short = ''; Name = ''; Sid = '' } }
            $found = @(Find-Directory -Base ("LDAP://$dns/" + $place.Replace('/', '\/')) -Filter '(objectClass=*)' -Scope 'Base' -Properties $AccountProperties)
            foreach ($result in $found) { $listed.Add(@{ Result = $result; Info = $info }) }
        }
        # Those whose primary group it is are not listed as its members; the usual ones have thousands.
        $rid = $Group.Sid.Substring($Group.Sid.LastIndexOf('-') + 1)
        if ($Group.Sid.StartsWith('S-1-5-21-') -and 'Global', 'Universal' -contains $Group.Scope -and '513', '514', '515' -notcontains $rid) {
            foreach ($result in @(Find-Directory -Base "LDAP://$($Group.Info.Dns)/$($Group.Info.Name)" -Filter "(primaryGroupID=$rid)" -Properties $AccountProperties)) {
                $listed.Add(@{ Result = $result; Info = $Group.Info })
            }
        }
        foreach ($one in $listed) {
            $about = Add-Principal -Result $one.Result -Info $one.Info -Seen $Seen -Builtin $Builtin
            $shown = $about.Name
            if ($about.Kind -eq 'foreignSecurityPrincipal') {
                $shown = $about.Sid
                try { $shown = (New-Object -TypeName System.Security.Principal.SecurityIdentifier -ArgumentList $about.Sid).Translate([System.Security.Principal.NTAccount]).Value }
                catch { Write-Verbose -Message "$($about.Sid) has no name here" }
            }
            elseif ($one.Info.Short -ne '') { $shown = "$($one.Info.Short)\$($about.Name)" }
            elseif ($one.Info.Dns -ne '') { $shown = "$($one.Info.Dns)\$($about.Name)" }
            $members.Add([ordered]@{
                    Name = $shown
                    SamAccountName = $about.Name
                    SID = $about.Sid
                    ObjectClass = $about.Kind
                    DistinguishedName = $about.Place
                })
            if ($about.IsGroup -and $one.Info.Name -ne '') { $inner.Add($about) }
        }
        Add-Row -Class 'ADGroupMembers' -Row ([ordered]@{
                Domain = $domain
                Group = $Group.Name
                GroupSid = $Group.Sid
                GroupScope = $Group.Scope
                Members = $members.ToArray()
            })
        return $inner.ToArray()
    }
    catch {
        Add-Failure -Class 'ADGroupMembers' -Target "$($Group.Info.Dns)\$($Group.Name)" -Reason $_ -Tags $tags
        return @()
    }
}

function Read-Accounts {
    # All users and computers of a domain. Gives whether it is all of them.
    param([hashtable] $Info, [System.Collections.Generic.HashSet[string]] $Seen, [System.Collections.Generic.List[object]] $Builtin)
    $filter = '(|(&(objectCategory=person)(objectClass=user))(objectCategory=computer)(objectClass=msDS-ManagedServiceAccount)(objectClass=msDS-GroupManagedServiceAccount))'
    $base = "LDAP://$($Info.Dns)/$($Info.Name)"
    # The names alone first: of a domain that is too large nothing is kept.
    $count = @(Find-Directory -Base $base -Filter $filter -Properties 'objectSid' | Select-Object -First ($MaxAccounts + 1)).Count
    if ($count -gt $MaxAccounts) {
        Write-Warning -Message "$($Info.Dns) has more than $MaxAccounts accounts: only those are read that are named elsewhere"
        return $false
    }
    foreach ($result in @(Find-Directory -Base $base -Filter $filter -Properties $AccountProperties)) {
        $null = Add-Principal -Result $result -Info $Info -Seen $Seen -Builtin $Builtin
    }
    return $true
}

function Read-Directory {
    # The domains of the forest and those asked for: trusts, permissions, the accounts that are named so far, the
    # members of the groups among them and of the groups of administrators, with the groups in these.
    param([string[]] $Names)
    $classes = 'ADDomain', 'TrustList', 'ADUser', 'ADGroup', 'ADGroupMembers', 'ActiveDirectorySecurity'
    if (-not (Test-Wanted -Class $classes)) { return }
    $domains = @{}
    foreach ($name in $Names) {
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $name
        try { $domains[$name] = Get-DomainInfo -DnsName $name }
        catch {
            Add-Failure -Class $classes -Target $name -Reason $_ -Tags @{ Domain = $name; Secures = 'directory' }
            continue
        }
        Read-Domain -Info $domains[$name]
    }
    if ($domains.Count -eq 0 -or -not (Test-Wanted -Class 'ADUser', 'ADGroup', 'ADGroupMembers')) { return }
    foreach ($class in 'ADUser', 'ADGroup', 'ADGroupMembers') { Add-Class -Class $class }

    $mentioned = Get-MentionedAccount
    $seen = New-Object -TypeName 'System.Collections.Generic.HashSet[string]' -ArgumentList ([System.StringComparer]::OrdinalIgnoreCase)
    $queue = New-Object -TypeName 'System.Collections.Generic.Queue[object]'
    $builtin = New-Object -TypeName 'System.Collections.Generic.List[object]'
    foreach ($info in @($domains.Values)) {
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $info.Dns -CurrentOperation 'all accounts'
        try { $whole = Read-Accounts -Info $info -Seen $seen -Builtin $builtin }
        catch {
            $whole = $false
            Add-Failure -Class 'ADUser' -Target $info.Dns -Reason $_ -Tags @{ Domain = $info.Dns }
        }
        if ($whole) { foreach ($row in $builtin) { Add-Row -Class 'ADUser' -Row $row } }
        $builtin.Clear()
        $parts = New-Object -TypeName 'System.Collections.Generic.List[string]'
        foreach ($sid in 'S-1-5-32-544', 'S-1-5-32-562', "$($info.Sid)-512", "$($info.Sid)-518", "$($info.Sid)-519") { $parts.Add("(objectSid=$sid)") }
        foreach ($sid in $mentioned.Sids) {
            if ($sid.StartsWith("$($info.Sid)-")) { $parts.Add("(objectSid=$sid)") }
        }
        foreach ($name in $mentioned.Names) {
            $prefix, $account = $name -split '\\', 2
            if ($prefix -ne $info.Short -and $prefix -ne $info.Dns) { continue }
            $escaped = Get-Escaped -Text $account
            $parts.Add("(sAMAccountName=$escaped)")
            $parts.Add("(userPrincipalName=$escaped@$($info.Dns))")
        }
        for ($at = 0; $at -lt $parts.Count; $at += 50) {
            Write-Progress -Id 1 -Activity 'Active Directory' -Status $info.Dns -CurrentOperation 'accounts' -PercentComplete (100 * $at / $parts.Count)
            $some = $parts.GetRange($at, [math]::Min(50, $parts.Count - $at)) -join ''
            try {
                foreach ($result in @(Find-Directory -Base "LDAP://$($info.Dns)/$($info.Name)" -Filter "(|$some)" -Properties $AccountProperties)) {
                    $about = Add-Principal -Result $result -Info $info -Seen $seen -Builtin $builtin
                    if ($about.IsGroup) { $queue.Enqueue($about) }
                }
            }
            catch { Add-Failure -Class 'ADUser', 'ADGroup' -Target $info.Dns -Reason $_ -Tags @{ Domain = $info.Dns } }
        }
    }
    $done = New-Object -TypeName 'System.Collections.Generic.HashSet[string]' -ArgumentList ([System.StringComparer]::OrdinalIgnoreCase)
    while ($queue.Count -gt 0) {
        $group = $queue.Dequeue()
        # Everyone is in these; who is in them is known without a list.
        $rid = $group.Sid.Substring($group.Sid.LastIndexOf('-') + 1)
        if ('513', '514', '515' -contains $rid -and $group.Sid.StartsWith('S-1-5-21-')) { continue }
        if (-not $done.Add($group.Place)) { continue }
        Write-Progress -Id 1 -Activity 'Active Directory' -Status $group.Info.Dns -CurrentOperation $group.Name
        foreach ($inner in @(Read-Members -Group $group -Domains $domains -Seen $seen -Builtin $builtin)) { $queue.Enqueue($inner) }
    }
    Write-Progress -Id 1 -Activity 'Active Directory' -Completed
}

function Get-DomainNames {
    # The domains to read: those of this computer's forest and those asked for.
    $names = New-Object -TypeName 'System.Collections.Generic.List[string]'
    try {
        $forest = [System.DirectoryServices.ActiveDirectory.Forest]::GetCurrentForest()
        foreach ($one in $forest.Domains) { $names.Add($one.Name) }
    }
    catch {
        Add-Failure -Class 'ADDomain', 'TrustList', 'ADUser', 'ADGroup', 'ADGroupMembers', 'ActiveDirectorySecurity' -Target 'Active Directory' -Reason $_ -Tags @{ Secures = 'directory' }
    }
    foreach ($one in $Domain) { if ($names -notcontains $one) { $names.Add($one) } }
    return $names.ToArray()
}

function Get-DomainController {
    # One domain controller of each domain: their user rights are the same.
    param([string[]] $Names)
    foreach ($name in $Names) {
        try { (Get-DomainInfo -DnsName $name).Controller }
        catch { Write-Verbose -Message "No domain controller of $name was found: $(Get-Reason -Problem $_)" }
    }
}

# ---------------------------------------------------------------------------------------------------------------------
# SQL Server

$SqlClasses = 'SqlPrincipal', 'SqlRoleMember', 'SqlPermission'

# What is asked of each database, and the class that an answer's rows are of.
$SqlQueries = @(
    @{
        Class = 'SqlPrincipal'
        Text = "SELECT '' AS [Database], p.name COLLATE DATABASE_DEFAULT AS [Principal], p.type_desc AS [Type], p.name COLLATE DATABASE_DEFAULT AS [Login], p.is_disabled AS [Disabled], CONVERT(varchar(200), p.sid, 1) AS [Sid] FROM sys.server_principals AS p UNION ALL SELECT DB_NAME(), d.name COLLATE DATABASE_DEFAULT, d.type_desc, ISNULL(SUSER_SNAME(d.sid), ''), 0, CONVERT(varchar(200), d.sid, 1) FROM sys.database_principals AS d"
    },
    @{
        Class = 'SqlRoleMember'
        Text = "SELECT '' AS [Database], r.name COLLATE DATABASE_DEFAULT AS [Role], m.name COLLATE DATABASE_DEFAULT AS [Member], m.name COLLATE DATABASE_DEFAULT AS [Login] FROM sys.server_role_members AS x JOIN sys.server_principals AS r ON r.principal_id = x.role_principal_id JOIN sys.server_principals AS m ON m.principal_id = x.member_principal_id UNION ALL SELECT DB_NAME(), r.name COLLATE DATABASE_DEFAULT, m.name COLLATE DATABASE_DEFAULT, ISNULL(SUSER_SNAME(m.sid), '') FROM sys.database_role_members AS x JOIN sys.database_principals AS r ON r.principal_id = x.role_principal_id JOIN sys.database_principals AS m ON m.principal_id = x.member_principal_id"
    },
    @{
        Class = 'SqlPermission'
        Text = "SELECT '' AS [Database], p.name COLLATE DATABASE_DEFAULT AS [Principal], p.name COLLATE DATABASE_DEFAULT AS [Login], x.permission_name AS [Permission], x.state_desc AS [State], x.class_desc AS [Scope], '' AS [Object] FROM sys.server_permissions AS x JOIN sys.server_principals AS p ON p.principal_id = x.grantee_principal_id UNION ALL SELECT DB_NAME(), p.name COLLATE DATABASE_DEFAULT, ISNULL(SUSER_SNAME(p.sid), ''), x.permission_name, x.state_desc, x.class_desc, CASE x.class WHEN 1 THEN ISNULL((OBJECT_SCHEMA_NAME(x.major_id) + '.' + OBJECT_NAME(x.major_id)) COLLATE DATABASE_DEFAULT, '') WHEN 3 THEN ISNULL(SCHEMA_NAME(x.major_id) COLLATE DATABASE_DEFAULT, '') ELSE '' END FROM sys.database_permissions AS x JOIN sys.database_principals AS p ON p.principal_id = x.grantee_principal_id WHERE p.name <> 'public' OR x.class IN (0, 3)"
    }
)

function Invoke-SqlRead {
    # The rows of a query, as dictionaries.
    param([string] $Server, [string] $Database, [string] $Text)
    $builder = New-Object -TypeName System.Data.SqlClient.SqlConnectionStringBuilder
    $builder['Data Source'] = $Server
    $builder['Initial Catalog'] = $Database
    $builder['Integrated Security'] = $true
    $builder['Connect Timeout'] = [math]::Min($TimeoutSeconds, 60)
    $builder['Application Name'] = 'cmlint collect'
    $connection = New-Object -TypeName System.Data.SqlClient.SqlConnection -ArgumentList $builder.ConnectionString
    try {
        $connection.Open()
        $command = $connection.CreateCommand()
        $command.CommandText = $Text
        $command.CommandTimeout = $TimeoutSeconds
        $reader = $command.ExecuteReader()
        while ($reader.Read()) {
            $row = [ordered]@{ Server = $Server }
            for ($at = 0; $at -lt $reader.FieldCount; $at++) {
                $value = $reader.GetValue($at)
                if ($value -is [System.DBNull]) { $value = $null }
                $row[$reader.GetName($at)] = $value
            }
            $row
        }
    }
    finally {
        $connection.Dispose()
    }
}

function Get-SqlDatabase {
    # The databases of the sites.
    $seen = @{}
    foreach ($class in 'SMS_SCI_SiteDefinition') {
        if (-not $Rows.ContainsKey($class)) { continue }
        foreach ($json in $Rows[$class]) {
            $row = ConvertFrom-Json -InputObject $json
            $server = "$(Get-Value -Object $row -Name 'SQLServerName')"
            $database = "$(Get-Value -Object $row -Name 'SQLDatabaseName')"
            if ($server -eq '' -or $database -eq '') { continue }
            # An instance stands before the name of its database.
            if ($database.Contains('\')) {
                $instance, $database = $database -split '\\', 2
                if (-not $server.Contains('\')) { $server = "$server\$instance" }
            }
            $key = "$server|$database"
            if ($seen.ContainsKey($key)) { continue }
            $seen[$key] = $true
            @{ Server = $server; Database = $database; Site = "$(Get-Value -Object $row -Name 'SiteCode')" }
        }
    }
}

function Read-Sql {
    if (-not (Test-Wanted -Class $SqlClasses)) { return }
    $places = @(Get-SqlDatabase)
    if ($places.Count -eq 0) {
        Add-Failure -Class $SqlClasses -Target 'SQL Server' -Reason 'the site does not tell where its database is'
        return
    }
    $skip = @($SkipComputerName | ForEach-Object { Get-ShortName -Name $_ })
    foreach ($place in $places) {
        if ($skip -contains (Get-ShortName -Name $place.Server)) { continue }
        Write-Progress -Id 1 -Activity 'SQL Server' -Status "$($place.Server) $($place.Database)"
        foreach ($query in $SqlQueries) {
            if (-not (Test-Wanted -Class $query.Class)) { continue }
            try {
                $found = @(Invoke-SqlRead -Server $place.Server -Database $place.Database -Text $query.Text)
                Add-Class -Class $query.Class
                foreach ($row in $found) { Add-Row -Class $query.Class -Row $row }
            }
            catch {
                Add-Failure -Class $query.Class -Target "$($place.Server) $($place.Database)" -Reason $_ -Tags @{ Server = $place.Server; Database = $place.Database }
            }
        }
    }
    Write-Progress -Id 1 -Activity 'SQL Server' -Completed
}

# ---------------------------------------------------------------------------------------------------------------------
# The whole

function Initialize-Folder {
    # The folder to write to: new, or empty.
    $path = $OutputFolder
    if (-not $path) { $path = 'cmlint-evidence-' + (Get-Date).ToString('yyyyMMdd-HHmmss', [cultureinfo]::InvariantCulture) }
    $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)
    if ([System.IO.Directory]::Exists($path)) {
        if ([System.IO.Directory]::GetFileSystemEntries($path).Length -gt 0) { throw "the folder $path is not empty; name a new one with -OutputFolder" }
        return $path
    }
    return (New-Item -Path $path -ItemType Directory).FullName
}

function Write-Folder {
    # One file for each class: an object with the name of the class and its rows, in UTF-8 without a byte order mark.
    param([string] $Path)
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    Add-Class -Class 'CollectorReport'
    foreach ($failure in $Failures) {
        # Whether there is nothing of the class in this folder.
        $failure['Whole'] = -not $Rows.ContainsKey($failure['Class'])
        Add-Row -Class 'CollectorReport' -Row $failure
    }
    foreach ($class in @($Rows.Keys | Sort-Object)) {
        $text = New-Object -TypeName System.Text.StringBuilder
        $null = $text.Append("{`"$class`":[")
        $number = 0
        foreach ($json in $Rows[$class]) {
            if ($number -gt 0) { $null = $text.Append(',') }
            $null = $text.Append("`n").Append($json)
            $number++
        }
        $null = $text.Append("`n]}`n")
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($Path, "$class.json"), $text.ToString(), $encoding)
    }
}

$collected = @($TablesOfClass.Values | ForEach-Object { $_ })
foreach ($one in $Table) {
    if ($collected -notcontains $one) { throw "there is no evidence table '$one' that this script collects" }
}
$folder = Initialize-Folder
Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'site'
$site = $null
try {
    try { $site = Connect-Site }
    catch {
        $all = @($TablesOfClass.Keys | Where-Object { $_ -like 'SMS_*' -or $SiteClasses -contains $_ })
        Add-Failure -Class $all -Target (Find-SiteServer) -Reason $_
    }
    $computers = @($ComputerName)
    if ($null -ne $site) {
        Read-Site -Site $site
        $computers += @($site.Providers)
        $computers += @(Get-NamedComputer)
    }
    Read-Exchange
    $domainNames = @()
    if (-not $SkipDirectory) { $domainNames = @(Get-DomainNames) }
    if (-not $SkipHosts) {
        Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'computers'
        $computers += @(Get-DomainController -Names $domainNames)
        Read-Hosts -Names @(Get-HostList -Names $computers)
        Read-Targets
    }
    if (-not $SkipSql) {
        Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'SQL Server'
        Read-Sql
    }
    # Last, since it looks up the accounts that all others named.
    if (-not $SkipDirectory) {
        Write-Progress -Id 0 -Activity 'cmlint collect' -Status 'Active Directory'
        Read-Directory -Names $domainNames
    }
}
finally {
    # What there is, is kept, even if this is stopped.
    Write-Folder -Path $folder
    if ($null -ne $site) { $site.Session.Close() }
    Write-Progress -Id 0 -Activity 'cmlint collect' -Completed
}
Write-Verbose -Message "$($Failures.Count) things could not be read; CollectorReport.json says which and why"
Get-Item -LiteralPath $folder
