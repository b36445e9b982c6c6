namespace PipelineBackup.Ese;

/// <summary>
/// The engine's own error numbers, as far as this library gives them. The member's name is the engine's symbol without
/// its <c>JET_err</c>.
/// </summary>
public enum EseError
{
    /// <summary>A warning: a restore is complete, and rolled forward with the logs of an engine that goes on.</summary>
    TargetInstanceRunning = 578,

    /// <summary>No error.</summary>
    Success = 0,

    /// <summary>
    /// Pages were written in an order that replay cannot make good: the image it would need was not logged.
    /// </summary>
    DatabaseBufferDependenciesCorrupted = -255,

    /// <summary>A link to a sibling page leads to no such page.</summary>
    BadPageLink = -327,

    /// <summary>A link to a page of the next lower level leads to no such page.</summary>
    BadParentPageLink = -338,

    /// <summary>The tree of a tree's available extents is damaged: it contradicts what is owned or in use.</summary>
    SPAvailExtCorrupted = -341,

    /// <summary>The tree of a tree's owned extents is damaged: it contradicts other trees or the file.</summary>
    SPOwnExtCorrupted = -343,

    /// <summary>A page was changed later than the database by its own count.</summary>
    DbTimeCorrupted = -344,

    /// <summary>A key would be cut where its index does not allow it.</summary>
    KeyTruncated = -346,

    /// <summary>Pages are owned by a tree that neither uses them nor has them to give.</summary>
    DatabaseLeakInSpace = -348,

    /// <summary>A record names a line that the page does not have.</summary>
    BadLineCount = -354,

    /// <summary>A key is longer than the trees of this page size can have.</summary>
    KeyTooBig = -408,

    /// <summary>The bytes a stored value decompresses to are not the ones it was compressed from.</summary>
    CompressionIntegrityCheckFailed = -431,

    /// <summary>A log file is damaged.</summary>
    LogFileCorrupt = -501,

    /// <summary>A directory that a backup should go to is not empty.</summary>
    BackupDirectoryNotEmpty = -504,

    /// <summary>A backup goes on.</summary>
    BackupInProgress = -505,

    /// <summary>Another restore goes on.</summary>
    RestoreInProgress = -506,

    /// <summary>The log that recovery starts from is missing.</summary>
    MissingPreviousLogFile = -509,

    /// <summary>A log cannot be written.</summary>
    LogWriteFail = -510,

    /// <summary>A log's name and its header disagree about its generation.</summary>
    LogGenerationMismatch = -513,

    /// <summary>The log format is older or newer than can be read.</summary>
    BadLogVersion = -514,

    /// <summary>A log does not continue the one before it.</summary>
    InvalidLogSequence = -515,

    /// <summary>The engine writes no log.</summary>
    LoggingDisabled = -516,

    /// <summary>Records that must stay together are longer than a log.</summary>
    LogBufferTooSmall = -517,

    /// <summary>There is no higher generation number.</summary>
    LogSequenceEnd = -519,

    /// <summary>No backup was begun.</summary>
    NoBackup = -520,

    /// <summary>A step of a backup comes out of order.</summary>
    InvalidBackupSequence = -521,

    /// <summary>The engine is not ready to be backed up.</summary>
    BackupNotAllowedYet = -523,

    /// <summary>A file of an earlier backup cannot be deleted.</summary>
    DeleteBackupFileFail = -524,

    /// <summary>A directory for a backup cannot be made.</summary>
    MakeBackupDirectoryFail = -525,

    /// <summary>The engine deletes logs by itself, so no backup of logs alone is possible.</summary>
    InvalidBackup = -526,

    /// <summary>A log file is missing.</summary>
    MissingLogFile = -528,

    /// <summary>The disk of the logs is full; reserved space is all that is left.</summary>
    LogDiskFull = -529,

    /// <summary>A log belongs to another log stream.</summary>
    BadLogSignature = -530,

    /// <summary>The checkpoint belongs to another log stream.</summary>
    BadCheckpointSignature = -532,

    /// <summary>Both copies in the checkpoint file are damaged.</summary>
    CheckpointCorrupt = -533,

    /// <summary>The trailer page of a streamed copy is missing or damaged.</summary>
    BadPatchPage = -535,

    /// <summary>A log ends early although a later one is there.</summary>
    RedoAbruptEnded = -536,

    /// <summary>A backup directory has no patch file, which marks its databases.</summary>
    PatchFileMissing = -538,

    /// <summary>A log's length is not the one its header names.</summary>
    LogFileSizeMismatch = -541,

    /// <summary>A log that a database needs to become consistent is missing.</summary>
    RequiredLogFilesMissing = -543,

    /// <summary>A streamed copy that was never restored.</summary>
    SoftRecoveryOnBackupDatabase = -544,

    /// <summary>The database was not shut down cleanly.</summary>
    DatabaseDirtyShutdown = -550,

    /// <summary>A database was made consistent at another time than the logs say.</summary>
    ConsistentTimeMismatch = -551,

    /// <summary>The trailer page does not belong to the database it stands in.</summary>
    DatabasePatchFileMismatch = -552,

    /// <summary>The highest log given to a restore is lower than the databases need.</summary>
    EndingRestoreLogTooLow = -553,

    /// <summary>The lowest log given to a restore is higher than the databases need.</summary>
    StartingRestoreLogTooHigh = -554,

    /// <summary>A log of a backup set belongs to another log stream.</summary>
    GivenLogFileHasBadSignature = -555,

    /// <summary>A log of a backup set does not continue the one before it.</summary>
    GivenLogFileIsNotContiguous = -556,

    /// <summary>Logs between those of a backup and those to roll forward with are missing.</summary>
    MissingRestoreLogFiles = -557,

    /// <summary>A backup of logs alone has no full backup to continue.</summary>
    MissingFullBackup = -560,

    /// <summary>The database is being converted.</summary>
    DatabaseConversionInProgress = -563,

    /// <summary>A log that a restore rolls forward with is missing although later ones are there.</summary>
    MissingCurrentLogFiles = -565,

    /// <summary>A page is older than a log record expects.</summary>
    DbTimeTooOld = -566,

    /// <summary>A page is newer than a log record expects.</summary>
    DbTimeTooNew = -567,

    /// <summary>A file that a backup needs is missing.</summary>
    MissingFileToBackup = -569,

    /// <summary>The last write into a log of a backup set was cut short.</summary>
    LogTornWriteDuringHardRestore = -570,

    /// <summary>The last write into a log that a restore rolls forward with was cut short.</summary>
    LogTornWriteDuringHardRecovery = -571,

    /// <summary>A log of a backup set is damaged.</summary>
    LogCorruptDuringHardRestore = -573,

    /// <summary>A log that a restore rolls forward with is damaged.</summary>
    LogCorruptDuringHardRecovery = -574,

    /// <summary>The instance that a restore should take logs from is not there.</summary>
    BadRestoreTargetInstance = -577,

    /// <summary>Logs were replayed, open transactions not undone.</summary>
    RecoveredWithoutUndo = -579,

    /// <summary>
    /// A log with committed transactions is missing; the databases can be made consistent without it.
    /// </summary>
    CommittedLogFilesMissing = -582,

    /// <summary>
    /// A log with committed transactions is damaged; the databases can be made consistent without it.
    /// </summary>
    CommittedLogFileCorrupt = -586,

    /// <summary>A log is not the one its successor was made after: the accumulated segment checksum differs.</summary>
    LogSequenceChecksumMismatch = -590,

    /// <summary>A log that a restore would roll forward with belongs to another log stream.</summary>
    ExistingLogFileHasBadSignature = -610,

    /// <summary>A log that a restore would roll forward with does not continue the backup set.</summary>
    ExistingLogFileIsNotContiguous = -611,

    /// <summary>Damage found in a log while it was read for a backup.</summary>
    LogReadVerifyFailure = -612,

    /// <summary>A database given to a restore is no backed up one.</summary>
    RestoreOfNonBackupDatabase = -615,

    /// <summary>Logs were to be truncated before all of them were copied.</summary>
    LogFileNotCopied = -616,

    /// <summary>A database is of a newer format than the engine was told to write.</summary>
    EngineFormatTooLowForDatabase = -623,

    /// <summary>A page was changed later than its database says.</summary>
    DbTimeBeyondMaxRequired = -625,

    /// <summary>A log record contradicts the page it is for.</summary>
    LogOperationInconsistentWithDatabase = -626,

    /// <summary>The engine ended the backup.</summary>
    BackupAbortByServer = -801,

    /// <summary>Options are unknown, or contradict each other.</summary>
    InvalidGrbit = -900,

    /// <summary>The engine is being closed.</summary>
    TermInProgress = -1000,

    /// <summary>A name is empty, too long, or has characters that no name may have.</summary>
    InvalidName = -1002,

    /// <summary>Parameters contradict each other.</summary>
    InvalidParameter = -1003,

    /// <summary>The memory given does not suffice.</summary>
    OutOfMemory = -1011,

    /// <summary>The database cannot grow any more.</summary>
    OutOfDatabaseSpace = -1012,

    /// <summary>A row is not there any more.</summary>
    RecordDeleted = -1017,

    /// <summary>A page's or header's checksum does not match.</summary>
    ReadVerifyFailure = -1018,

    /// <summary>A page is all zero where data should stand.</summary>
    PageNotInitialized = -1019,

    /// <summary>The disk failed.</summary>
    DiskIO = -1022,

    /// <summary>A path cannot be used.</summary>
    InvalidPath = -1023,

    /// <summary>A record does not fit in a page, even with its long values apart from it.</summary>
    RecordTooBig = -1026,

    /// <summary>The engine was not opened.</summary>
    NotInitialized = -1029,

    /// <summary>The engine was opened already.</summary>
    AlreadyInitialized = -1030,

    /// <summary>A file may not be opened.</summary>
    AccessDenied = -1032,

    /// <summary>A table has more columns than there are numbers for.</summary>
    TooManyColumns = -1040,

    /// <summary>An index has the column.</summary>
    ColumnInUse = -1046,

    /// <summary>A value has another length than its type.</summary>
    InvalidBufferSize = -1047,

    /// <summary>The engine itself sets the column, or it is only added to.</summary>
    ColumnNotUpdatable = -1048,

    /// <summary>A row is NULL where an index admits no NULL.</summary>
    NullKeyDisallowed = -1053,

    /// <summary>It is done within a transaction, and none is open.</summary>
    NotInTransaction = -1054,

    /// <summary>The rows of a table have used up their numbers.</summary>
    OutOfSequentialIndexValues = -1063,

    /// <summary>Too much that open transactions changed, or may still see, is in memory.</summary>
    VersionStoreOutOfMemory = -1069,

    /// <summary>A column that numbers rows has used up its numbers.</summary>
    OutOfAutoincrementValues = -1076,

    /// <summary>The engine runs a single instance.</summary>
    RunningInOneInstanceMode = -1080,

    /// <summary>Several instances run, and the call names none.</summary>
    RunningInMultiInstanceMode = -1081,

    /// <summary>Another instance has its checkpoint in that directory.</summary>
    SystemPathInUse = -1083,

    /// <summary>Another instance has the same logs.</summary>
    LogFilePathInUse = -1084,

    /// <summary>Another instance has the same name.</summary>
    InstanceNameInUse = -1086,

    /// <summary>The engine met a failure that it cannot go on from.</summary>
    InstanceUnavailable = -1090,

    /// <summary>As many sessions are open as there can be.</summary>
    OutOfSessions = -1101,

    /// <summary>Another transaction has changed it, and one cannot see that.</summary>
    WriteConflict = -1102,

    /// <summary>Too many transactions are open within one another.</summary>
    TransTooDeep = -1103,

    /// <summary>A large page names another page number although its checksum matches.</summary>
    PageNumberMismatch = -1118,

    /// <summary>A page is an older image than the one last written.</summary>
    ReadLostFlushVerifyFailure = -1119,

    /// <summary>A page has no data where replay needs them.</summary>
    RecoveryVerifyFailure = -1123,

    /// <summary>A database is given twice.</summary>
    DatabaseDuplicate = -1201,

    /// <summary>The database is in use.</summary>
    DatabaseInUse = -1202,

    /// <summary>There is no such database.</summary>
    DatabaseNotFound = -1203,

    /// <summary>The database is damaged, or not one.</summary>
    DatabaseCorrupted = -1206,

    /// <summary>The database format is older or newer than can be read.</summary>
    InvalidDatabaseVersion = -1209,

    /// <summary>A database of the format 200.</summary>
    Database200Format = -1210,

    /// <summary>A database of the format 400.</summary>
    Database400Format = -1211,

    /// <summary>A database of the format 500.</summary>
    Database500Format = -1212,

    /// <summary>Two files that belong together have different page sizes.</summary>
    PageSizeMismatch = -1213,

    /// <summary>There are as many instances as there can be.</summary>
    TooManyInstances = -1214,

    /// <summary>A database that the logs name is missing or another one.</summary>
    AttachedDatabaseMismatch = -1216,

    /// <summary>The catalog is damaged: a row is missing or contradicts another.</summary>
    CatalogCorrupted = -1220,

    /// <summary>A database of the same identity is attached.</summary>
    DatabaseSignInUse = -1222,

    /// <summary>A database was created in a format that is not known.</summary>
    InvalidCreateDbVersion = -1225,

    /// <summary>Pages of the database are being reseeded.</summary>
    DatabaseIncompleteIncrementalReseed = -1226,

    /// <summary>There is a table of that name already.</summary>
    TableDuplicate = -1303,

    /// <summary>There is no such table.</summary>
    ObjectNotFound = -1305,

    /// <summary>It is done to tables without rows only.</summary>
    TableNotEmpty = -1308,

    /// <summary>The table is one of the engine.</summary>
    CannotDeleteSystemTable = -1318,

    /// <summary>Other tables inherit from the table.</summary>
    CannotDeleteTemplateTable = -1319,

    /// <summary>The definition of the table may not change.</summary>
    FixedDDL = -1323,

    /// <summary>All activity of the engine has ceased, as was asked.</summary>
    ClientRequestToStopJetService = -1329,

    /// <summary>A table has a primary index already.</summary>
    IndexHasPrimary = -1402,

    /// <summary>There is an index of that name already.</summary>
    IndexDuplicate = -1403,

    /// <summary>There is no such index.</summary>
    IndexNotFound = -1404,

    /// <summary>The rows of the table are in the order of the index.</summary>
    IndexMustStay = -1405,

    /// <summary>The definition of an index contradicts itself or its table.</summary>
    IndexInvalidDef = -1406,

    /// <summary>A row stands under another key than its columns make.</summary>
    PrimaryIndexCorrupted = -1413,

    /// <summary>An index does not list the rows of its table.</summary>
    SecondaryIndexCorrupted = -1414,

    /// <summary>A column cannot hold NULL.</summary>
    NullInvalid = -1504,

    /// <summary>A value is longer than its column allows.</summary>
    ColumnTooBig = -1506,

    /// <summary>There is no such column.</summary>
    ColumnNotFound = -1507,

    /// <summary>There is a column of that name already.</summary>
    ColumnDuplicate = -1508,

    /// <summary>Only tagged columns have several values.</summary>
    MultiValuedColumnMustBeTagged = -1509,

    /// <summary>A table has one such column at the most.</summary>
    ColumnRedundant = -1510,

    /// <summary>There is no such type of a column, or not with the properties asked for.</summary>
    InvalidColumnType = -1511,

    /// <summary>A tagged column has no such value.</summary>
    BadItagSequence = -1518,

    /// <summary>There is no index to go by.</summary>
    NoCurrentIndex = -1519,

    /// <summary>A long value is missing, incomplete or counted wrongly.</summary>
    LVCorrupted = -1526,

    /// <summary>Nobody gave the key that the values of the column are encrypted with.</summary>
    ColumnNoEncryptionKey = -1540,

    /// <summary>There is no such row.</summary>
    RecordNotFound = -1601,

    /// <summary>The cursor stands on no row.</summary>
    NoCurrentRecord = -1603,

    /// <summary>The primary key of a row would change.</summary>
    RecordPrimaryChanged = -1604,

    /// <summary>There is a row of that key already.</summary>
    KeyDuplicate = -1605,

    /// <summary>A compressed value cannot be decompressed.</summary>
    DecompressionFailed = -1620,

    /// <summary>An encrypted value cannot be decrypted.</summary>
    DecryptionFailed = -1622,

    /// <summary>As many databases are attached as there can be.</summary>
    TooManyAttachedDatabases = -1805,

    /// <summary>The disk is full.</summary>
    DiskFull = -1808,

    /// <summary>It is not allowed.</summary>
    PermissionDenied = -1809,

    /// <summary>There is no such file.</summary>
    FileNotFound = -1811,

    /// <summary>The file is of another kind than asked for.</summary>
    FileInvalidType = -1812,

    /// <summary>It is only done before the engine is opened.</summary>
    AfterInitialization = -1850,

    /// <summary>A log record makes no sense.</summary>
    LogCorrupted = -1852,

    /// <summary>A session is used by several threads at once.</summary>
    SessionSharingViolation = -1910,

    /// <summary>A transaction cannot be rolled back.</summary>
    RollbackError = -1917,

    /// <summary>The flush map has a version that cannot be read.</summary>
    FlushMapVersionUnsupported = -1918,

    /// <summary>The flush map does not belong to the database.</summary>
    FlushMapDatabaseMismatch = -1919,

    /// <summary>The flush map cannot be used: it was not closed and does not reach back far enough.</summary>
    FlushMapUnrecoverable = -1920,

    /// <summary>The database is being reverted.</summary>
    DatabaseIncompleteRevert = -1935,

    /// <summary>A step of a snapshot comes out of order.</summary>
    OSSnapshotInvalidSequence = -2401,

    /// <summary>A snapshot took too long: writing went on by itself.</summary>
    OSSnapshotTimeOut = -2402,

    /// <summary>No snapshot is possible now.</summary>
    OSSnapshotNotAllowed = -2403,

    /// <summary>There is no such snapshot session.</summary>
    OSSnapshotInvalidSnapId = -2404,

    /// <summary>The file ends before the page.</summary>
    FileIOBeyondEOF = -4001,
}
