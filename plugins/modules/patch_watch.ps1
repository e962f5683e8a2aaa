#!powershell

# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

#Requires -Version 5.1

# The work is done by the action plugin of the same name on the controller; this file lets ansible-doc find the module.
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$name = 'winops.patching.patch_watch'
$text = "$name runs through its action plugin: call it by its full name, $name, from a play or from ansible"
ConvertTo-Json -InputObject ([ordered]@{ failed = $true; msg = $text }) -Compress
