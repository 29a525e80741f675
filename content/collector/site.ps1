# ---------------------------------------------------------------------------------------------------------------------
# The site

function Get-CredentialFor {
    # The credential for a computer or domain: that of its name, of the domain its name stands in, or that of all.
    param([string] $Name)
    if ($null -eq $Credential) { return $null }
    if ($Credential -isnot [System.Collections.IDictionary]) { return $Credential }
    $part = $Name
    while ($part -ne '') {
        if ($Credential.Contains($part)) { return $Credential[$part] }
        $dot = $part.IndexOf('.')
        $part = if ($dot -lt 0) { '' } else { $part.Substring($dot + 1) }
    }
    if ($Credential.Contains('*')) { return $Credential['*'] }
    return $null
}

function Connect-Computer {
    # A connection over WinRM, or else over DCOM; this computer without either.
    param([string] $Name)
    if (Test-LocalName -Name $Name) { return Connect-Cim -Name '' }
    $as = Get-CredentialFor -Name $Name
    try { return Connect-Cim -Name $Name -Protocol 'Wsman' -As $as }
    catch {
        $first = Get-Reason -Problem $_
        try { return Connect-Cim -Name $Name -Protocol 'Dcom' -As $as }
        catch { throw "over WinRM: $first; over DCOM: $($_.Exception.Message)" }
    }
}

function Find-SiteServer {
    # Where the SMS Provider may be: as asked for, as the console knows it, as this computer is told.
    if ($SiteServer) { return $SiteServer }
    $known = Get-ConsoleServer
    if ($known) { return $known }
    $known = Get-RegistryValue -Path 'HKCU:\SOFTWARE\Microsoft\ConfigMgr10\AdminUI\MRU\1' -Name 'ServerName'
    if ($known) { return $known }
    $known = Get-RegistryValue -Path 'HKLM:\SOFTWARE\Microsoft\SMS\Identification' -Name 'Site Server'
    if ($known) { return $known }
    return $env:COMPUTERNAME
}

function Connect-Site {
    # The name space of the site and a connection to the computer with its provider.
    param([string] $Name)
    Write-Verbose -Message "Looking for the SMS Provider on $Name"
    $session = Connect-Computer -Name $Name
    try {
        $places = @(Get-CimList -Session $session -Namespace 'root\sms' -Class 'SMS_ProviderLocation')
        if ($SiteCode) { $places = @($places | Where-Object { $_.SiteCode -eq $SiteCode }) }
        $local = @($places | Where-Object { $_.ProviderForLocalSite })
        if ($local.Count -gt 0) { $places = $local }
        if ($places.Count -eq 0) { throw "no SMS Provider$(if ($SiteCode) { " of site $SiteCode" }) is known on $Name; name a site server with -SiteServer" }
        # Of several computers with a provider, the one that is connected already.
        $here = @($places | Where-Object { (Get-FirstLabel -Name "$($_.Machine)") -eq (Get-FirstLabel -Name $Name) })
        if ($here.Count -gt 0) { $places = @($here) + @($places | Where-Object { $here -notcontains $_ }) }
        $machine = "$($places[0].Machine)"
        if ($here.Count -eq 0) {
            $other = Connect-Computer -Name $machine
            $session.Close()
            $session = $other
        }
        return @{
            Session = $session
            Code = "$($places[0].SiteCode)"
            Server = $machine
            Namespace = 'root\sms\site_' + $places[0].SiteCode
            Providers = @($places | ForEach-Object { "$($_.Machine)" })
            Lists = @{}
        }
    }
    catch {
        $session.Close()
        throw
    }
}

function Get-SiteList {
    # All instances of a class, asked for once.
    param([hashtable] $Site, [string] $Class)
    if (-not $Site.Lists.ContainsKey($Class)) {
        Write-Progress -Id 1 -Activity 'Site' -Status $Class
        $Site.Lists[$Class] = @(Get-CimList -Session $Site.Session -Namespace $Site.Namespace -Class $Class)
    }
    return $Site.Lists[$Class]
}

function Get-SiteQuery {
    param([hashtable] $Site, [string] $Text)
    return Get-CimList -Session $Site.Session -Namespace $Site.Namespace -Query $Text
}

function Get-Literal {
    # A text as it stands in a query.
    param([string] $Text)
    return "'" + $Text.Replace('\', '\\').Replace("'", "\'") + "'"
}

function Read-SiteClass {
    # One class of the provider. Some keep properties back that have to be fetched for each instance.
    param([hashtable] $Site, [string] $Class, [switch] $Whole)
    if (-not (Test-Wanted -Class $Class)) { return }
    Invoke-Work -Class $Class -Target $Site.Server -Read {
        $found = @(Get-SiteList -Site $Site -Class $Class)
        $lines = @(foreach ($instance in $found) {
                if ($Whole) { $instance = Get-CimWhole -Session $Site.Session -Instance $instance }
                ConvertTo-Json -InputObject (ConvertTo-Row -Instance $instance -Class $Class) -Depth 10 -Compress
            })
        Add-Class -Class $Class
        foreach ($json in $lines) { Add-Json -Class $Class -Json $json }
    }
}

#% for SMS_TaskSequencePackage
function Read-Sequence {
    # Task sequences: their text is fetched one by one, and what may be written of it is.
    param([hashtable] $Site)
    $class = 'SMS_TaskSequencePackage'
    if (-not (Test-Wanted -Class $class)) { return }
    Invoke-Work -Class $class -Target $Site.Server -Read {
        $found = @(Get-SiteList -Site $Site -Class $class)
        Add-Class -Class $class
        # A name that is more than a name is not written.
        $all = @(foreach ($listed in $found) {
                $package = "$($listed.PackageID)"
                @{ Listed = $listed; Package = $package; Target = "task sequence $package"; Name = if (Test-Name -Text "$($listed.Name)") { "$($listed.Name)" } else { $package } }
            })
        foreach ($one in $all) { Add-Work -Class $class -Target $one.Target -Tags @{ PackageID = $one.Package; Name = $one.Name } }
        $number = 0
        foreach ($one in $all) {
            $number++
            # Where a processor has a large cache, .NET lets hundreds of MiB of what is done with lie about.
            if ($number % 10 -eq 0) { [System.GC]::Collect(0) }
            $tags = @{ PackageID = $one.Package; Name = $one.Name }
            Write-Progress -Id 1 -Activity 'Task sequences' -Status "$number of $($all.Count): $($one.Name)" -PercentComplete (100 * $number / $all.Count)
            try {
                $whole = Get-CimWhole -Session $Site.Session -Instance $one.Listed
                $text = "$(Get-Value -Object $whole -Name 'Sequence')"
                if ($text -eq '') { throw 'the task sequence came without its steps' }
                $sequence = ConvertTo-Sequence -Text $text
                Add-Row -Class $class -Row ([ordered]@{
                        PackageID = $one.Package
                        Name = $one.Name
                        SourceSite = "$(Get-Value -Object $whole -Name 'SourceSite')"
                        LastRefreshTime = ConvertTo-Plain -Value (Get-Value -Object $whole -Name 'LastRefreshTime')
                        Sequence = $sequence.Text
                    })
                foreach ($lost in $sequence.Lost) { Add-Failure -Class $class -Target $one.Target -Reason "a step is left out: $lost" -Tags $tags }
            }
            catch { Add-Failure -Class $class -Target $one.Target -Reason $_ -Tags $tags }
            Close-Work -Class $class -Target $one.Target
        }
    }
    Write-Progress -Id 1 -Activity 'Task sequences' -Completed
}
#% end

#% for SMS_R_System
function Read-Device {
    # The domains that discovered computers are in: one row for each, not one for each computer.
    param([hashtable] $Site)
    $class = 'SMS_R_System'
    if (-not (Test-Wanted -Class $class)) { return }
    Invoke-Work -Class $class -Target $Site.Server -Read {
        $found = @(Get-SiteQuery -Site $Site -Text 'SELECT DISTINCT ResourceDomainORWorkgroup, FullDomainName FROM SMS_R_System')
        Add-Class -Class $class
        $seen = @{}
        foreach ($device in $found) {
            $row = [ordered]@{
                ResourceDomainORWorkgroup = "$(Get-Value -Object $device -Name 'ResourceDomainORWorkgroup')"
                FullDomainName = "$(Get-Value -Object $device -Name 'FullDomainName')"
            }
            $key = @($row.Values) -join '|'
            if (-not $seen.ContainsKey($key)) { Add-Row -Class $class -Row $row }
            $seen[$key] = $true
        }
    }
}
#% end

#% for ContentStatus
function Read-ContentStatus {
    # When each content object with an access list of its own was last sent to each distribution point.
    param([hashtable] $Site)
    $class = 'ContentStatus'
    if (-not (Test-Wanted -Class $class)) { return }
    Invoke-Work -Class $class -Target $Site.Server -Read {
        $packages = @(Get-SiteList -Site $Site -Class 'SMS_PackageAccessByUsers' | ForEach-Object { "$($_.PackageID)" } | Sort-Object -Unique)
        Add-Class -Class $class
        for ($at = 0; $at -lt $packages.Count; $at += 50) {
            $these = @($packages[$at..([math]::Min($at + 49, $packages.Count - 1))] | ForEach-Object { "PackageID = $(Get-Literal -Text $_)" }) -join ' OR '
            foreach ($status in @(Get-SiteQuery -Site $Site -Text "SELECT PackageID, PackageType, ServerNALPath, LastCopied FROM SMS_PackageStatusDistPointsSummarizer WHERE $these")) {
                if ("$($status.ServerNALPath)" -notmatch '\\\\([^\\"]+)\\?"?') { continue }
                # When the access list was changed stands nowhere: it stays open.
                Add-Row -Class $class -Row ([ordered]@{
                        PackageID = "$($status.PackageID)"
                        PackageType = ConvertTo-Plain -Value (Get-Value -Object $status -Name 'PackageType')
                        DistributionPoint = $Matches[1]
                        Redistributed = ConvertTo-Plain -Value (Get-Value -Object $status -Name 'LastCopied')
                    })
            }
        }
    }
}
#% end

#% for AccountChange
function Read-AccountChange {
    # When the stored accounts were last put in: the latest audit message that names them, other than as who did it.
    param([hashtable] $Site)
    $class = 'AccountChange'
    if (-not (Test-Wanted -Class $class)) { return }
    $usages = @{ 'Software Distribution' = 'Network access account'; 'SMS_CLIENT_CONFIG_MANAGER' = 'Client push installation account' }
    Invoke-Work -Class $class -Target $Site.Server -Read {
        $accounts = @(Get-SiteList -Site $Site -Class 'SMS_SCI_Reserved' | ForEach-Object {
                @{ Name = "$(Get-Value -Object $_ -Name 'UserName')"; Used = @(Get-Value -Object $_ -Name 'AccountUsage' | Where-Object { $_ }) }
            } | Where-Object { $_.Name -ne '' -and $_.Used.Count -gt 0 })
        $names = @($accounts | ForEach-Object { $_.Name } | Sort-Object -Unique)
        $latest = @{}
        for ($at = 0; $at -lt $names.Count; $at += 50) {
            $these = @($names[$at..([math]::Min($at + 49, $names.Count - 1))] | ForEach-Object { "ins.InsStrValue = $(Get-Literal -Text $_)" }) -join ' OR '
            # 768 is an audit message.
            $query = "SELECT ins.InsStrValue, stat.Time FROM SMS_StatusMessage AS stat JOIN SMS_StatMsgInsStrings AS ins ON stat.RecordID = ins.RecordID WHERE stat.MessageType = 768 AND ins.InsStrIndex > 0 AND ($these)"
            foreach ($row in @(Get-SiteQuery -Site $Site -Text $query)) {
                # Where columns of two classes are asked for, a row holds an object of each, under its alias.
                $name = "$(Get-Value -Object (Get-Value -Object $row -Name 'ins') -Name 'InsStrValue')"
                $time = Get-Value -Object (Get-Value -Object $row -Name 'stat') -Name 'Time'
                if ($null -eq $time) { throw 'a status message came without its time' }
                if (-not $latest.ContainsKey($name) -or $time -gt $latest[$name]) { $latest[$name] = $time }
            }
        }
        Add-Class -Class $class
        foreach ($account in $accounts) {
            # Messages are kept for a while only: without one it is not known.
            if (-not $latest.ContainsKey($account.Name)) { continue }
            foreach ($usage in $account.Used) {
                $shown = if ($usages.ContainsKey("$usage")) { $usages["$usage"] } else { "$usage" }
                Add-Row -Class $class -Row ([ordered]@{ Account = $account.Name; Usage = $shown; Changed = ConvertTo-Plain -Value $latest[$account.Name] })
            }
        }
    }
}
#% end

#% for DatabaseLink
function Read-Link {
    # Replication links between parent and child sites, with what the site says of distributed views.
    param([hashtable] $Site)
    $class = 'DatabaseLink'
    if (-not (Test-Wanted -Class $class)) { return }
    Invoke-Work -Class $class -Target $Site.Server -Read {
        $sites = @(Get-SiteList -Site $Site -Class 'SMS_Site')
        $controls = @(Get-SiteList -Site $Site -Class 'SMS_RcmSqlControl' | ForEach-Object { Get-CimWhole -Session $Site.Session -Instance $_ })
        Add-Class -Class $class
        foreach ($child in $sites) {
            $parent = "$(Get-Value -Object $child -Name 'ReportingSiteCode')"
            # A secondary site has no distributed views.
            if ($parent -eq '' -or $child.Type -eq 1) { continue }
            $row = [ordered]@{ ParentSite = $parent; ChildSite = "$($child.SiteCode)" }
            foreach ($control in @($controls | Where-Object { "$($_.SiteCode)" -eq "$($child.SiteCode)" })) {
                foreach ($property in @(Get-Value -Object $control -Name 'Props')) {
                    # One switch for each kind of data that can be left with the child site.
                    if ("$(Get-Value -Object $property -Name 'PropertyName')" -notmatch '^DView|DistributedView') { continue }
                    $on = "$(Get-Value -Object $property -Name 'Value')$(Get-Value -Object $property -Name 'Value1')" -match '[1-9]|true'
                    $row['DistributedViews'] = $on -or ($row.Contains('DistributedViews') -and $row['DistributedViews'])
                }
            }
            Add-Row -Class $class -Row $row
        }
    }
}
#% end

#% for SourceSite SourceSitePermission
function Read-Source {
    # The sites that are migrated from, and what the account for it may do there.
    param([hashtable] $Site)
    if (-not (Test-Wanted -Class 'SourceSite', 'SourceSitePermission')) { return }
    Invoke-Work -Class 'SourceSite', 'SourceSitePermission' -Target $Site.Server -Read {
        $sources = @(Get-SiteList -Site $Site -Class 'SMS_MigrationSourceSite')
        foreach ($mapping in @(Get-SiteList -Site $Site -Class 'SMS_MigrationSiteMapping')) {
            $code = "$(Get-Value -Object $mapping -Name 'SourceSiteCode')"
            $place = "$(Get-Value -Object $mapping -Name 'SourceSiteFQDN')"
            $row = [ordered]@{ Source = $code; Server = $place }
            if ($place.Contains('.')) { $row['Domain'] = $place.Substring($place.IndexOf('.') + 1) }
            foreach ($source in @($sources | Where-Object { "$(Get-Value -Object $_ -Name 'SiteCode')" -eq $code })) {
                $version = "$(Get-Value -Object $source -Name 'Version')"
                if ($version -match '^4\.') { $row['Generation'] = '2007' } elseif ($version -match '^5\.') { $row['Generation'] = 'later' }
            }
            if (Test-Wanted -Class 'SourceSite') { Add-Row -Class 'SourceSite' -Row $row }
            if (-not (Test-Wanted -Class 'SourceSitePermission')) { continue }
            if ($SkipHosts) { Add-Failure -Class 'SourceSitePermission' -Target "source site $code" -Reason 'left out, as -SkipHosts asks' -Tags @{ Source = $code } -Quiet }
            else { Read-SourcePermission -Row $row }
        }
        foreach ($class in 'SourceSite', 'SourceSitePermission') {
            $lost = @($Failures | Where-Object { $_['Class'] -eq $class }).Count -gt 0
            if ((Test-Wanted -Class $class) -and -not $lost) { Add-Class -Class $class }
        }
    }
}

function Read-SourcePermission {
    # What accounts may do in a site of Configuration Manager 2007.
    param([System.Collections.IDictionary] $Row)
    $code = $Row['Source']
    # What a number stands for in the permissions there.
    $kinds = @{ 1 = 'Collection'; 2 = 'Package'; 3 = 'Advertisement'; 4 = 'Status message'; 6 = 'Site'; 7 = 'Query'; 8 = 'Report'; 9 = 'Metered product rule' }
    Invoke-Work -Class 'SourceSitePermission' -Target "source site $code" -Tags @{ Source = $code } -Read {
        if ("$($Row['Generation'])" -ne '2007') { throw 'permissions are read from sites of Configuration Manager 2007 only' }
        $session = Connect-Computer -Name $Row['Server']
        try { $found = @(Get-CimList -Session $session -Namespace "root\sms\site_$code" -Class SMS_UserClassPermissionNames) }
        finally { $session.Close() }
        $granted = [ordered]@{}
        foreach ($one in $found) {
            $number = [int] $one.ObjectKey
            $kind = if ($kinds.ContainsKey($number)) { $kinds[$number] } else { "$number" }
            $key = "$($one.UserName)|$kind"
            if (-not $granted.Contains($key)) { $granted[$key] = New-Object -TypeName 'System.Collections.Generic.List[object]' }
            $granted[$key].Add("$($one.PermissionName)")
        }
        foreach ($key in @($granted.Keys)) {
            $account, $kind = $key -split '\|', 2
            Add-Row -Class 'SourceSitePermission' -Row ([ordered]@{ Source = $code; Account = $account; Object = $kind; Permissions = $granted[$key].ToArray() })
        }
    }
}
#% end

function Test-Scope {
    # Whether who runs this sees everything in the site: an administrative user who is limited to scopes gets fewer
    # objects, without an error. Some lists are never empty, and his own entry says what he is limited to.
    param([hashtable] $Site)
    # What all administrative users see.
    $limited = @($SiteClasses | Where-Object { 'SMS_Site', 'SMS_SCI_SiteDefinition', 'SMS_SCI_SysResUse', 'SMS_ADForest' -notcontains $_ })
    if (-not (Test-Wanted -Class $limited)) { return }
    $who = Get-Identity
    $admins = @(); $roles = @()
    try {
        $admins = @(Get-SiteList -Site $Site -Class 'SMS_Admin')
        $roles = @(Get-SiteList -Site $Site -Class 'SMS_Role')
    }
    # That these could not be read is reported where they are.
    catch { return }
    $reason = ''
    if ($admins.Count -eq 0 -or $roles.Count -eq 0) { $reason = 'the site shows no administrative users or no security roles, so who runs this does not see all of it' }
    $own = @($admins | Where-Object { $who.Sids -contains "$(Get-Value -Object $_ -Name 'AdminSid')" -or "$($_.LogonName)" -eq $who.Name })
    if ($own.Count -gt 0) {
        $scopes = @($own | ForEach-Object { Get-Value -Object (Get-CimWhole -Session $Site.Session -Instance $_) -Name 'Categories' } | Where-Object { $_ } | Sort-Object -Unique)
        $Manifest['Scopes'] = [object[]] $scopes
        # SMS00ALL is all scopes.
        if ($scopes.Count -gt 0 -and $scopes -notcontains 'SMS00ALL') { $reason = "$($who.Name) is limited to the scopes $($scopes -join ', ') and does not see all of the site" }
    }
    if ($reason -eq '') { return }
    foreach ($class in $limited) {
        Add-Failure -Class $class -Target $Site.Server -Reason "$reason; run this as an administrative user with all scopes"
        if ($Rows.ContainsKey($class) -and $Rows[$class].Count -eq 0) { $Rows.Remove($class) }
    }
}

function Read-Site {
    param([hashtable] $Site)
    foreach ($class in 'SMS_Site', 'SMS_SCI_SiteDefinition', 'SMS_SCI_SysResUse', 'SMS_SCI_ClientComp', 'SMS_SCI_Component', 'SMS_SCI_Address', 'SMS_SCI_Reserved', 'SMS_PackageAccessByUsers', 'SMS_MigrationSiteMapping', 'SMS_ADForest', 'SMS_ADForestDiscoveryStatus') {
        Read-SiteClass -Site $Site -Class $class
    }
    foreach ($class in 'SMS_Admin', 'SMS_Role', 'SMS_ClientSettings', 'SMS_ClientSettingsDefault', 'SMS_CollectionSettings') {
        Read-SiteClass -Site $Site -Class $class -Whole
    }
    Write-Progress -Id 1 -Activity 'Site' -Completed
    #% for SMS_R_System
    Read-Device -Site $Site
    #% end
    #% for AccountChange
    Read-AccountChange -Site $Site
    #% end
    #% for ContentStatus
    Read-ContentStatus -Site $Site
    #% end
    #% for DatabaseLink
    Read-Link -Site $Site
    #% end
    #% for SourceSite SourceSitePermission
    Read-Source -Site $Site
    #% end
    #% for SMS_TaskSequencePackage
    Read-Sequence -Site $Site
    #% end
    Test-Scope -Site $Site
}

#% for ManagementRoleAssignment
function Read-Exchange {
    # The management roles of those who have any, where this is an Exchange Management Shell.
    $class = 'ManagementRoleAssignment'
    if (-not (Test-Wanted -Class $class)) { return }
    if (-not (Get-Command -Name 'Get-ManagementRoleAssignment' -ErrorAction SilentlyContinue)) {
        Add-Failure -Class $class -Target 'Exchange' -Reason 'the cmdlets of Exchange are not here: run this in the Exchange Management Shell to have them read' -Quiet
        return
    }
    Invoke-Work -Class $class -Target 'Exchange' -Read {
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
}
#% end
