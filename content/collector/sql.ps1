# ---------------------------------------------------------------------------------------------------------------------
# SQL Server

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

# Whether who asks sees all of that: to others SQL Server shows less and says nothing of it. The second is of SQL
# Server 2022; earlier ones do not know it and answer nothing.
$SqlVisibility = "SELECT ISNULL(HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION'), 0) AS [Server], ISNULL(HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY SECURITY DEFINITION'), 0) AS [Security], ISNULL(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION'), 0) AS [Database]"

function Get-SqlDatabase {
    # The databases of the sites.
    param([hashtable] $Site)
    $seen = @{}
    foreach ($row in @(Get-SiteList -Site $Site -Class 'SMS_SCI_SiteDefinition')) {
        $name = "$(Get-Value -Object $row -Name 'SQLServerName')".Trim()
        $database = "$(Get-Value -Object $row -Name 'SQLDatabaseName')".Trim()
        if ($name -eq '' -or $database -eq '') { continue }
        # An instance stands before the name of its database; a port behind that of the server.
        $place = $name
        if ($database.Contains('\')) {
            $instance, $database = $database -split '\\', 2
            if (-not $name.Contains('\')) { $place = (@($name -split ',')[0]) + "\$instance" }
        }
        $key = "$place|$database"
        if ($seen.ContainsKey($key)) { continue }
        $seen[$key] = $true
        $shown = ConvertTo-HostName -Name $place
        if ($place -match '\\([^\\,]+)') { $shown = "$shown\$($Matches[1])" }
        @{ Connect = $place; Server = $shown; Database = $database }
    }
}

function Read-Database {
    # One database, over one connection.
    param([hashtable] $Place)
    $target = "$($Place.Server) $($Place.Database)"
    $tags = @{ Server = $Place.Server; Database = $Place.Database }
    try { $connection = Connect-Sql -Name $Place.Connect -Database $Place.Database }
    catch {
        Add-Failure -Class $SqlClasses -Target $target -Reason $_ -Tags $tags
        return
    }
    try {
        foreach ($query in $SqlQueries) {
            if (-not (Test-Wanted -Class $query.Class)) { continue }
            Invoke-Work -Class $query.Class -Target $target -Tags $tags -Read {
                $found = @(Read-Query -Connection $connection -Text $query.Text)
                Add-Class -Class $query.Class
                foreach ($row in $found) {
                    $row.Insert(0, 'Server', $Place.Server)
                    Add-Row -Class $query.Class -Row $row
                }
            }
        }
        $sees = @{ Server = $false; Database = $false }
        try {
            foreach ($row in @(Read-Query -Connection $connection -Text $SqlVisibility)) {
                $sees.Server = "$($row['Server'])" -eq '1' -or "$($row['Security'])" -eq '1'
                $sees.Database = "$($row['Database'])" -eq '1'
            }
        }
        catch { Write-Verbose -Message "${target}: $(Get-Reason -Problem $_)" }
        if (-not $sees.Server) { Add-Failure -Class $SqlClasses -Target $target -Reason 'who runs this may not see all logins and server roles; grant VIEW ANY DEFINITION on the server' -Tags @{ Server = $Place.Server; Database = '' } }
        if (-not $sees.Database) { Add-Failure -Class $SqlClasses -Target $target -Reason 'who runs this may not see all users and roles; grant VIEW DEFINITION in the database' -Tags $tags }
        else { $Manifest['DatabasesRead'] += $target }
    }
    finally { Close-Sql -Connection $connection }
}

function Read-Sql {
    param($Site)
    if (-not (Test-Wanted -Class $SqlClasses)) { return }
    $places = @()
    if ($null -ne $Site) { $places = @(Get-SqlDatabase -Site $Site) }
    if ($places.Count -eq 0) {
        Add-Failure -Class $SqlClasses -Target 'the databases' -Reason 'where the databases of the site are is not known'
        return
    }
    $skip = @($SkipComputerName | ForEach-Object { ConvertTo-HostName -Name $_ })
    foreach ($place in $places) { Add-Work -Class $SqlClasses -Target "$($place.Server) $($place.Database)" -Tags @{ Server = $place.Server; Database = $place.Database } }
    Close-Work -Class $SqlClasses -Target 'the databases'
    foreach ($place in $places) {
        $name = ConvertTo-HostName -Name $place.Server
        if ($skip -contains $name -or $skip -contains (Get-FirstLabel -Name $name)) {
            Add-Failure -Class $SqlClasses -Target "$($place.Server) $($place.Database)" -Reason 'left out, as -SkipComputerName asks' -Tags @{ Server = $place.Server; Database = $place.Database } -Quiet
            continue
        }
        Write-Progress -Id 1 -Activity 'SQL Server' -Status "$($place.Server) $($place.Database)"
        Read-Database -Place $place
    }
    Write-Progress -Id 1 -Activity 'SQL Server' -Completed
}
