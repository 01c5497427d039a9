# A folder that cannot be listed is not one that is missing.
make own
mkdir set; mv own/bee own/cat own/dog set; mkdir set/train; mv set/bee set/cat set/dog set/train; cp -r set/train set/test; chmod 000 set/test
nobody=
if [ "$(id -u)" = 0 ]; then
    command -v setpriv >/dev/null || return 0
    nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
fi
chmod 755 .; cp "$PLANARIA" program; chmod 755 program
$nobody ./program data check set >said 2>&1 && wrong "it should be refused"
says 'cannot list set/test: Permission denied'
chmod 755 set/test; chmod 000 set/train
$nobody ./program data check set >said 2>&1 && wrong "it should be refused"
says 'cannot list set/train: Permission denied'
