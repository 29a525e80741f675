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

Passwords are not written, for only what is known to be none is: numbers, dates, and the texts that cmlint reads, such
as accounts, servers and paths. Of a task sequence that is its structure, the types of its steps and the accounts and
places that are set in it; of a command line, the name of the program. Of a password in clear text only the fact that
there is one is written.

What could not be read, and why, is written to CollectorReport.json, and how far this came to CollectorManifest.json;
cmlint then says of these things that they were not checked. Nothing else stops because of it.

.PARAMETER SiteServer
A site server or computer with the SMS Provider, best of the central administration site. Without it, the site that
the console on this computer was last connected to, or the one that this computer belongs to.

.PARAMETER SiteCode
The site to read, where the server has more than one provider name space.

.PARAMETER OutputFolder
The folder to write to. It must be new or empty. Without it, a new folder in the current one. A new folder is made
readable to its owner and to administrators only.

.PARAMETER ComputerName
Further computers to look at: clients, file servers with content or captured images. Site systems, database servers
and one domain controller of each domain are looked at anyway.

.PARAMETER SkipComputerName
Computers not to look at.

.PARAMETER Domain
DNS names of further domains to read, for instance of a trusted forest. The domains of this computer's forest are
read anyway.

.PARAMETER Server
A domain controller. The domains are then those of its forest, whatever this computer belongs to; it is asked for its
own domain.

.PARAMETER Table
Only what these evidence tables of cmlint need.

.PARAMETER SkipHosts
Look at no computer but the one with the SMS Provider.

.PARAMETER SkipDirectory
Do not read Active Directory.

.PARAMETER SkipSql
Do not read SQL Server.

.PARAMETER DirectoryOnly
Read Active Directory and nothing else. This works on Linux and macOS too, with -Server and a Kerberos ticket (kinit).

.PARAMETER Evidence
A folder that an earlier run has written: the accounts and groups named there are looked up in Active Directory.

.PARAMETER Credential
Who to connect as: a credential, or a table of them by host or domain, with * for all others:
@{ 'dmz1.fabrikam.com' = $one; 'fabrikam.com' = $two; '*' = $three }. SQL Server is always read as who runs this.

.PARAMETER Authentication
How to say who one is. Default leaves it to Windows. Basic goes with -UseSSL only.

.PARAMETER UseSSL
Connect over TLS: WinRM over HTTPS, LDAP over TLS.

.PARAMETER Port
The port of WinRM where it is another than usual; with -DirectoryOnly the port of the directory server.

.PARAMETER TimeoutSeconds
How long to wait for an answer of a computer.

.PARAMETER ThrottleLimit
How many computers to ask at the same time.

.PARAMETER MaxMembers
How many members of a group are read.

.PARAMETER MaxAccounts
How many users and computers of a domain are listed. Of a larger domain only those are read that something else names;
whether an account is gone from it cannot be told then.

.PARAMETER MaxValRange
How many members of a group to ask for at a time. Without it, as many as the directory server gives.

.PARAMETER KeepCommandLines
Write command lines of task sequences, too. What looks like a password in them is masked, which cannot be done without
fault: look through SMS_TaskSequencePackage.json before you hand the folder on.

.PARAMETER Rest
Not to be given by name: takes the rest of a list that is written with blanks, as in -ComputerName client1 client2.

.EXAMPLE
.\collect.ps1 -SiteServer cas1.contoso.com

.EXAMPLE
.\collect.ps1 -SiteServer ps1.contoso.com -ComputerName client1, client2, files1 -OutputFolder D:\evidence

.EXAMPLE
powershell -ExecutionPolicy RemoteSigned -File collect.ps1 -SiteServer ps1.contoso.com -ComputerName client1,client2

.EXAMPLE
pwsh -File collect.ps1 -DirectoryOnly -Server dc1.contoso.com

.NOTES
Needs Windows PowerShell 5.1 or PowerShell 7, the right to read in the site (Read-only Analyst of all scopes at least;
Full Administrator sees everything), and to see the rest: local administrator and PowerShell remoting on the computers,
VIEW ANY DEFINITION on the database servers and VIEW DEFINITION in the databases, read access to Active Directory. No
module has to be installed.
#>

#requires -Version 5.1

[CmdletBinding(PositionalBinding = $false)]
param(
    [string] $SiteServer,
    [string] $SiteCode,
    [string] $OutputFolder,
        [string[]] $ComputerName = @(),
    [string[]] $SkipComputerName = @(),
    [string[]] $Domain = @(),
    [string] $Server,
    [string[]] $Table = @(),
    [switch] $SkipHosts,
    [switch] $SkipDirectory,
    [switch] $SkipSql,
    [switch] $DirectoryOnly,
    [string] $Evidence,
    [object] $Credential,
    [ValidateSet('Default', 'Kerberos', 'Negotiate', 'CredSsp', 'Basic')]
    [string] $Authentication = 'Default',
    [switch] $UseSSL,
    [ValidateRange(0, 65535)]
    [int] $Port = 0,
    [ValidateRange(10, 86400)]
    [int] $TimeoutSeconds = 300,
    [ValidateRange(1, 128)]
    [int] $ThrottleLimit = 16,
    [ValidateRange(1, 1000000)]
    [int] $MaxMembers = 5000,
    [ValidateRange(0, 10000000)]
    [int] $MaxAccounts = 20000,
    [ValidateRange(0, 100000)]
    [int] $MaxValRange = 0,
    [switch] $KeepCommandLines,
    [Parameter(ValueFromRemainingArguments = $true)]
    [string[]] $Rest = @()
)

# Said before anything else, for nothing below would work.
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    throw "PowerShell runs in $($ExecutionContext.SessionState.LanguageMode) mode here, as an application control policy has it. Sign this script with a certificate that the policy trusts, allow it by its hash, or run it on a computer without such a policy."
}

# What the session has set must not matter.
$ErrorActionPreference = 'Stop'
$WarningPreference = 'Continue'
$WhatIfPreference = $false
$ConfirmPreference = 'None'
$PSDefaultParameterValues = @{}
$PSNativeCommandUseErrorActionPreference = $false
$OFS = ' '

# The cmlint that printed this.
$ScriptVersion = '#% version'

# Which evidence tables each class is read into.
$TablesOfClass = @{
    #% tables
}

# Of what came from where: classes of the provider, of computers, of domains, of databases.
$SiteClasses = 'SMS_Site', 'SMS_SCI_SiteDefinition', 'SMS_SCI_SysResUse', 'SMS_SCI_ClientComp', 'SMS_SCI_Component', 'SMS_SCI_Address', 'SMS_SCI_Reserved', 'SMS_PackageAccessByUsers', 'SMS_MigrationSiteMapping', 'SMS_Admin', 'SMS_Role', 'SMS_ClientSettings', 'SMS_ClientSettingsDefault', 'SMS_CollectionSettings', 'SMS_ADForest', 'SMS_ADForestDiscoveryStatus', 'SMS_R_System', 'SMS_TaskSequencePackage', 'AccountChange', 'ContentStatus', 'DatabaseLink', 'SourceSite', 'SourceSitePermission'
$HostClasses = 'Win32_ComputerSystem', 'LocalGroup', 'LocalGroupMembers', 'UserRightsAssignment', 'SecurityPolicy', 'DirectorySecurity', 'MSFT_SmbShare', 'MSFT_SmbShareAccessControlEntry', '__SystemSecurity', 'DcomSecurity'
$DomainClasses = 'ADDomain', 'TrustList', 'ActiveDirectorySecurity', 'ADUser', 'ADGroup', 'ADGroupMembers'
$SqlClasses = 'SqlPrincipal', 'SqlRoleMember', 'SqlPermission'

function Get-ListItem {
    # The items of a list, however it was written: `a,b` as one text, with blanks around, in quotes.
    param([string[]] $Text)
    foreach ($one in @($Text)) {
        foreach ($part in @("$one" -split '[,;]')) {
            $clean = $part.Trim().Trim('"', "'").Trim()
            if ($clean -ne '') { $clean }
        }
    }
}

function Resolve-Rest {
    # Which list parameter values belong to that stand behind a blank: the only one that was given.
    param([string[]] $Text, [string[]] $Lists, [string[]] $Known)
    foreach ($one in $Text) { if ($one -match '^-[A-Za-z]') { throw "there is no parameter $one; Get-Help shows those there are" } }
    $items = @(Get-ListItem -Text $Text)
    if ($items.Count -eq 0) { return $null }
    if ($Lists.Count -eq 1) { return @{ Parameter = $Lists[0]; Items = $items } }
    $strange = @($items | Where-Object { $Known -notcontains $_ })
    if ($Lists -contains 'Table' -and $strange.Count -eq 0) { return @{ Parameter = 'Table'; Items = $items } }
    throw "it is not clear what '$($items -join ' ')' belongs to; write lists with commas and without blanks, as in -ComputerName client1,client2"
}
