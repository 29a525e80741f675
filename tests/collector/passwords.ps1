# Invented passwords in every place they are known to stand in: all begin with Leak and a number. What is written must
# not hold any of them.

# Command lines, as administrators write them.
$PasswordLines = @(
    'net use \\fs1\tools$ Leak01! /user:CONTOSO\svc-a', 'net use X: \\fs1\x /user:CONTOSO\svc-a Leak02!', 'net user Administrator Leak03! /add',
    'psexec \\host -u CONTOSO\svc-a -p Leak04! cmd', 'curl -u svc-a:Leak05! https://x.contoso.com', 'curl --user svc-a:Leak06! https://x.contoso.com',
    'sqlcmd -S sql01 -U sa -P Leak07!', 'osql -Usa -PLeak08!', 'bcp x out y -U sa -P Leak09!', 'netdom join host /d:contoso.com /ud:svc-a /pd:Leak10!',
    'powershell -c "ConvertTo-SecureString ''Leak11!'' -AsPlainText -Force"', 'powershell -c "ConvertTo-SecureString -String Leak12! -AsPlainText -Force"',
    'app.exe "Server=sql01;User Id=sa;Password=Leak13!;"', 'app.exe "Server=sql01;Uid=sa;Pwd=Leak14!"', 'curl -H "Authorization: Basic TGVhazE1TGVhazE1IQ=="',
    'curl -H "Authorization: Bearer Leak16eyJhbGciOi"', 'setup.exe /password:Leak17!', 'setup.exe /pass Leak18!', 'msiexec /i x.msi ADMINPASSWORD=Leak19! /qn',
    'schtasks /create /ru CONTOSO\svc-a /rp Leak20! /tn t', 'cmdkey /add:fs1 /user:svc-a /pass:Leak21!', 'wmic /node:h /user:u /password:Leak22! os', 'runas /user:x y',
    'manage-bde -protectors -add c: -pw Leak23!', 'dsadd user "CN=x" -pwd Leak24!', 'plink -ssh h -l u -pw Leak25! cmd', 'robocopy \\u:Leak26!@h\share c:\x', 'bitsadmin /setcredentials job SERVER BASIC u Leak27!',
    'cscript cfg.vbs https://svc-a:Leak28!@repo.contoso.com/x', 'az storage --account-key Leak29abc==', 'app.exe DefaultEndpointsProtocol=https;AccountName=x;AccountKey=Leak30abc==;', 'wget "https://x.blob.contoso.com/f?sv=2020&sig=Leak31sig%3D"',
    'setup.exe -passphrase Leak32!', 'BIOSConfigUtility.exe /cspwd:Leak33! /nspwd:Leak34!', 'cctk --setuppwd=Leak35! --valsetuppwd=Leak36!', 'x.exe /p Leak37!', 'x.exe --pw=Leak38!', 'x.exe -token Leak39abc',
    'powershell -EncodedCommand TABlAGEAawA0ADAATABlAGEAawA0ADAA', 'reg add HKLM\Software\Winlogon /v DefaultPassword /d Leak41! /f', 'x.exe /key:Leak42abc', 'djoin /loadfile b.txt /password Leak43!', 'x.exe "/password:Leak 44 two"', 'x.exe /password=Leak45;two!',
    'x.exe -password "Leak46 a" b', 'x.exe /Credentials:u,Leak47!', 'net use * \\h\s Leak48! /USER:a /PERSISTENT:NO', 'dism /x && echo Leak49!| runas', 'set PASSWD=Leak50!', 'x.exe pin=Leak51', 'Set-ADAccountPassword x -NewPassword (ConvertTo-SecureString "Leak52!" -AsPlainText -Force)',
    # In other languages, other shells, other orders.
    'setup.exe /kennwort:Leak101!', 'setup.exe --contrasena=Leak102!', 'setup.exe "motdepasse=Leak103!"', "setup.exe $([char]0x43f)$([char]0x430)$([char]0x440)$([char]0x43e)$([char]0x43b)$([char]0x44c)=Leak104!", "setup.exe $([char]0x5bc6)$([char]0x7801):Leak105!",
    '$env:ADMIN_PW="Leak106!"; .\x.ps1', 'export DB_PASS=Leak107!', 'ssh-keygen -N Leak108! -f k', 'openssl pkcs12 -passout pass:Leak109! -in x', '7z x a.7z -pLeak110!', 'mysql -uroot -pLeak111!', 'rasdial vpn svc-a Leak112!', 'autologon svc-a contoso Leak113!',
    'Leak114!', 'smsswd.exe /run:X cmd /c "echo Leak115!"', 'cmd /c start "" \\fs1\x\Leak116!.exe', 'Leak117!.exe /q')

function Add-LineStep {
    # A step for each line: as its action, as its command line, and as its name.
    $number = 0
    foreach ($line in $PasswordLines) {
        $number++
        $safe = [System.Security.SecurityElement]::Escape($line)
        "<step type=`"SMS_TaskSequence_RunCommandLineAction`" name=`"Line $number`"><action>smsswd.exe /run: $safe</action><defaultVarList><variable name=`"CommandLine`" property=`"CommandLine`">$safe</variable></defaultVarList></step>"
        "<step type=`"SMS_TaskSequence_RunCommandLineAction`" name=`"$safe`" description=`"$safe`"><action>$safe</action></step>"
        "<group name=`"$safe`" description=`"$safe`"/>"
    }
}

function Add-OtherStep {
    # Everywhere else in a task sequence.
    $unattend = [System.Security.SecurityElement]::Escape('<unattend><AutoLogon><Password><Value>Leak60!</Value><PlainText>true</PlainText></Password></AutoLogon><AdministratorPassword>Leak61!</AdministratorPassword><Credentials><Password>Leak62!</Password></Credentials></unattend>')
    "<step type=`"SMS_TaskSequence_SetVariableAction`" name=`"Unattend`"><action>x</action><defaultVarList><variable name=`"UnattendXml`" property=`"Value`">$unattend</variable></defaultVarList></step>"
    '<step type="SMS_TaskSequence_SetVariableAction" name="Set variable" description="the password is Leak63!"><action>tsenv.exe "OSDJoinPassword=Leak64!"</action><defaultVarList><variable name="VariableName" property="VariableName">OSDJoinPassword</variable><variable name="VariableValue" property="VariableValue">Leak65!</variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_SetVariableAction" name="Set variable 2"><action>tsenv.exe</action><defaultVarList><variable name="VariableName" property="VariableName">AdminPw</variable><variable name="VariableValue" property="VariableValue">Leak66!</variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_RunPowerShellScriptAction" name="Script"><action>osdrunpowershellscript.exe</action><defaultVarList><variable name="OSDRunPowerShellScriptSourceScript" property="SourceScript">$p = "Leak67!"</variable><variable name="OSDRunPowerShellScriptParameters" property="Parameters">-User a -Pw Leak68! -AdminCred "a:Leak69!"</variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_JoinDomainWorkgroupAction" name="Join"><action>osdjoin.exe</action><defaultVarList><variable name="OSDJoinPassword" property="DomainPassword">Leak70!</variable></defaultVarList></step>'
    '<step type="X" name="Attribute" password="Leak71!" disable="false"><condition><expression type="SMS_TaskSequence_VariableConditionExpression"><variable name="Variable">LocalPassword</variable><variable name="Operator">equals</variable><variable name="Value">Leak72!</variable></expression></condition></step>'
    '<!-- password: Leak73! --><step type="X" name="net use x: \\h\s Leak74! /user:a"><action>x</action><defaultVarList><variable name="Note" property="Note"><![CDATA[Password=Leak75!]]></variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_SetVariableAction" name="Hidden"><action>x</action><defaultVarList><variable name="VariableName">SomeValue</variable><variable name="DoNotShowVariableValue">true</variable><variable name="HiddenVariableValue">Leak120!</variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_SetVariableAction" name="Hidden account"><action>x</action><defaultVarList><variable name="VariableName">OSDJoinAccount</variable><variable name="DoNotShowVariableValue">true</variable><variable name="HiddenVariableValue">Leak121!</variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_SetDynamicVariablesAction" name="Rules"><action>x</action><defaultVarList><variable name="OSDSetDynamicVariablesRules">&lt;Rules&gt;&lt;Rule&gt;&lt;Variables&gt;&lt;Variable Name="A"&gt;Leak122!&lt;/Variable&gt;&lt;/Variables&gt;&lt;/Rule&gt;&lt;/Rules&gt;</variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_ConnectNetworkFolderAction" name="Folder"><action>x</action><defaultVarList><variable name="SMSConnectNetworkFolderPath" property="Path">\\u:Leak123!@h\share</variable><variable name="SMSConnectNetworkFolderAccount" property="Username">CONTOSO\a /p:Leak124!</variable></defaultVarList></step>'
    '<step type="SMS_TaskSequence_ConnectNetworkFolderAction" name="Folder 2"><action>x</action><defaultVarList><variable name="SMSConnectNetworkFolderAccount" property="Username">svc-a:Leak125!</variable></defaultVarList></step>'
    '<step type="Leak126! x" name="Odd type" disable="Leak127!"><defaultVarList><variable name="Leak128! y">true</variable><variable name="OSDJoinType" property="Leak129! z">0</variable></defaultVarList></step>'
}

function Add-Password {
    $steps = @(Add-LineStep) + @(Add-OtherStep)
    Add-Sequence -Id 'CAS00099' -Name 'Leaks' -Text ('<sequence version="3.10" name="Leak130! a=b" description="Leak131!"><globalVarList><variable name="DomainJoinPw">Leak76!</variable><variable name="Note">Leak132!</variable></globalVarList>' + ($steps -join '') + '<referenceList><reference package="Leak133!"/></referenceList></sequence>')
    Add-Sequence -Id 'CAS00098' -Name 'Image, password: Leak134!' -Text '<sequence version="3.10"><step type="X" name="One"/></sequence>'
    Add-Cim -Class 'SMS_CollectionSettings' -Instance (New-Cim 'SMS_CollectionSettings' ([ordered]@{ CollectionID = 'CAS00018'; CollectionVariables = @(@{ Name = 'AdminPassword'; Value = 'Leak80!'; IsMasked = $false }, @{ Name = 'AdminPw'; Value = 'Leak81!'; IsMasked = $false }, @{ Name = 'Install'; Value = 'net use x: \\h\s Leak82! /user:a'; IsMasked = $false }, @{ Name = 'LocalAdminCred'; Value = 'Leak83!'; IsMasked = $true }, @{ Name = 'Whatever'; Value = 'Leak140!'; IsMasked = $true }, @{ Name = 'OSDJoinAccount'; Value = 'Leak141!'; IsMasked = $true }, @{ Name = 'Kennwort'; Value = 'Leak142!'; IsMasked = $false }) }) -Lazy 'CollectionVariables' -Embedded @{ CollectionVariables = 'SMS_CollectionVariable' })
    Add-Cim -Class 'SMS_SCI_Component' -Instance (New-Cim 'SMS_SCI_Component' ([ordered]@{ ComponentName = 'SMS_NOTIFICATION_MANAGER'; FileType = [uint32] 2; ItemName = 'x|y'; ItemType = 'Component'; SiteCode = 'P01'; Comment = 'Leak143!'
                Props = @(@{ PropertyName = 'SmtpPassword'; Value = [uint32] 0; Value1 = 'Leak84!'; Value2 = 'Leak85!' }, @{ PropertyName = 'Advanced Client Command Line'; Value = [uint32] 0; Value1 = 'SMSSITECODE=P01 /x Leak86!'; Value2 = '' }, @{ PropertyName = 'ProxyCred'; Value = [uint32] 0; Value1 = 'a:Leak87!'; Value2 = '' })
                PropLists = @(@{ PropertyListName = 'Secrets'; Values = @('Leak88!', 'Leak89!') }, @{ PropertyListName = 'Other'; Values = @('Leak144!') }) }) -Embedded @{ Props = 'SMS_EmbeddedProperty'; PropLists = 'SMS_EmbeddedPropertyList' })
    $World.Shares['MP01'] += @{ Name = 'Tools'; ScopeName = '*'; Path = 'C:\T'; Description = 'password Leak90!'; Special = $false }
    $null = (Add-AdUser -Domain (Get-StandinDomain) -Name 'svc-desc' -Sid "$Forest-7001" -Dn 'CN=svc-desc,OU=Service,DC=contoso,DC=com').Set('description', 'Leak91!')
}
