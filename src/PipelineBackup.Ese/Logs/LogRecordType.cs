namespace PipelineBackup.Ese;

/// <summary>The type of a log record ("lrtyp"): its first byte. Types from 102 on are damage.</summary>
public enum LogRecordType : byte
{
    /// <summary>Filler of one byte.</summary>
    Nop = 0,

    /// <summary>An engine started.</summary>
    Init = 1,

    /// <summary>An engine ended.</summary>
    Term = 2,

    /// <summary>Of a format older than all that can be read: its checksum chain.</summary>
    Ms = 3,

    /// <summary>Obsolete: the end of the used part.</summary>
    End = 4,

    /// <summary>Inner transactions begin.</summary>
    Begin = 5,

    /// <summary>An inner transaction ends.</summary>
    Commit = 6,

    /// <summary>Transactions were undone; the records of the undoing stand before.</summary>
    Rollback = 7,

    /// <summary>An outermost transaction begins, perhaps inner ones too.</summary>
    Begin0 = 8,

    /// <summary>An outermost transaction is committed.</summary>
    Commit0 = 9,

    /// <summary>Obsolete: a transaction is renewed.</summary>
    Refresh = 10,

    /// <summary>A change of several pages begins; its records count together or not at all.</summary>
    MacroBegin = 11,

    /// <summary>That change is whole.</summary>
    MacroCommit = 12,

    /// <summary>That change did not happen.</summary>
    MacroAbort = 13,

    /// <summary>A database is created. The engine's "CreateDB".</summary>
    CreateDatabase = 14,

    /// <summary>A database is attached. The engine's "AttachDB".</summary>
    AttachDatabase = 15,

    /// <summary>A database is detached. The engine's "DetachDB".</summary>
    DetachDatabase = 16,

    /// <summary>Recovery begins to undo, without a time.</summary>
    RecoveryUndo = 17,

    /// <summary>Recovery ended, without a time.</summary>
    RecoveryQuit = 18,

    /// <summary>Old: a full backup.</summary>
    FullBackup = 19,

    /// <summary>Old: an incremental backup. The engine's "IncBackup".</summary>
    IncrementalBackup = 20,

    /// <summary>Debugging: a call. The engine's "JetOp".</summary>
    JetOperation = 21,

    /// <summary>A remark.</summary>
    Trace = 22,

    /// <summary>All databases are about to be closed consistent.</summary>
    ShutdownMark = 23,

    /// <summary>A tree with space trees of its own is made. The engine's "CreateMEFDP".</summary>
    CreateMultipleExtentTree = 24,

    /// <summary>A tree in one extent is made. The engine's "CreateSEFDP".</summary>
    CreateSingleExtentTree = 25,

    /// <summary>Old, not replayed: as <see cref="ConvertTree"/>. The engine's "ConvertFDP".</summary>
    ConvertTreeOld = 26,

    /// <summary>Old, not replayed: a split without a before-image. The engine's "Split".</summary>
    SplitOld = 27,

    /// <summary>Old, not replayed: a merge without a before-image. The engine's "Merge".</summary>
    MergeOld = 28,

    /// <summary>A node is inserted.</summary>
    Insert = 29,

    /// <summary>A node that was flagged deleted is there again.</summary>
    FlagInsert = 30,

    /// <summary>The same with other data. The engine's "FlagInsertAndReplaceData".</summary>
    FlagInsertReplace = 31,

    /// <summary>A node is flagged deleted.</summary>
    FlagDelete = 32,

    /// <summary>The data of a node are replaced; the record has them whole.</summary>
    Replace = 33,

    /// <summary>The data of a node are replaced; the record has what differs. The engine's "ReplaceD".</summary>
    ReplaceDifference = 34,

    /// <summary>A node is removed from its page.</summary>
    Delete = 35,

    /// <summary>What a node held before a change of an open transaction; changes no page.</summary>
    UndoInfo = 36,

    /// <summary>A 32-bit counter in a node is moved ("escrow").</summary>
    Delta = 37,

    /// <summary>The first tag of a page is replaced.</summary>
    SetExternalHeader = 38,

    /// <summary>A change is undone.</summary>
    Undo = 39,

    /// <summary>Obsolete, cannot be measured. The engine's "SLVPageAppend".</summary>
    StreamingPageAppend = 40,

    /// <summary>Obsolete, cannot be measured. The engine's "SLVSpace".</summary>
    StreamingSpace = 41,

    /// <summary>Version 7: see <see cref="LegacyLogChecksum"/>.</summary>
    Checksum = 42,

    /// <summary>Obsolete, cannot be measured. The engine's "SLVPageMove".</summary>
    StreamingPageMove = 43,

    /// <summary>Obsolete, cannot be measured. The engine's "ForceDetachDB".</summary>
    ForceDetachDatabase = 44,

    /// <summary>Old: a restore into a running engine. The engine's "ExtRestore".</summary>
    ExternalRestore = 45,

    /// <summary>Old: a step of a backup.</summary>
    Backup = 46,

    /// <summary>Obsolete, cannot be measured. The engine's "UpgradeDB".</summary>
    UpgradeDatabase = 47,

    /// <summary>Several pages of a tree become empty.</summary>
    EmptyTree = 48,

    /// <summary>An engine started; with the time.</summary>
    Init2 = 49,

    /// <summary>An engine ended; with the time.</summary>
    Term2 = 50,

    /// <summary>Recovery begins to undo; with the time.</summary>
    RecoveryUndo2 = 51,

    /// <summary>Recovery ended; with the time.</summary>
    RecoveryQuit2 = 52,

    /// <summary>Declared, never written. The engine's "BeginDT".</summary>
    BeginDistributed = 53,

    /// <summary>Declared, never written. The engine's "PrepCommit".</summary>
    PrepareCommit = 54,

    /// <summary>Declared, never written, cannot be measured. The engine's "PrepRollback".</summary>
    PrepareRollback = 55,

    /// <summary>Obsolete, cannot be measured. The engine's "DbList".</summary>
    DatabaseList = 56,

    /// <summary>A session asked for all that was committed to be on disk.</summary>
    ForceWriteLog = 57,

    /// <summary>A tree in one extent gets space trees. The engine's "ConvertFDP2".</summary>
    ConvertTree = 58,

    /// <summary>A restore into a running engine. The engine's "ExtRestore2".</summary>
    ExternalRestore2 = 59,

    /// <summary>A step of a backup.</summary>
    Backup2 = 60,

    /// <summary>A new generation was asked for.</summary>
    ForceLogRollover = 61,

    /// <summary>A page is split, or only changed above one that is. The engine's "Split2".</summary>
    Split = 62,

    /// <summary>A page is merged, or only changed above one that is. The engine's "Merge2".</summary>
    Merge = 63,

    /// <summary>Unused data of a page were overwritten.</summary>
    Scrub = 64,

    /// <summary>A page is moved.</summary>
    PageMove = 65,

    /// <summary>A page was asked for from a replica.</summary>
    PagePatchRequest = 66,

    /// <summary>The pages of the change just made, in the first database.</summary>
    MacroInfo = 67,

    /// <summary>A database grows. The engine's "ExtendDB".</summary>
    ExtendDatabase = 68,

    /// <summary>What an application said with a commit. The engine's "CommitCtx".</summary>
    CommitContext = 69,

    /// <summary>A database scan met a page.</summary>
    ScanCheck = 70,

    /// <summary>Filler with a length.</summary>
    Nop2 = 71,

    /// <summary>A database is attached again after a recovery that kept it. The engine's "ReAttach".</summary>
    ReattachDatabase = 72,

    /// <summary>The pages of the change just made.</summary>
    MacroInfo2 = 73,

    /// <summary>A tree is about to be given back. The engine's "FreeFDP".</summary>
    FreeTree = 74,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored9 = 75,

    /// <summary>The first piece of a record that did not fit into its segment.</summary>
    FragmentBegin = 76,

    /// <summary>A further piece of it.</summary>
    Fragment = 77,

    /// <summary>Old: a database shrinks. The engine's "ShrinkDB".</summary>
    ShrinkDatabase = 78,

    /// <summary>The creation of a database is whole. The engine's "CreateDBFinish".</summary>
    CreateDatabaseFinish = 79,

    /// <summary>Recovery ended with the databases kept attached.</summary>
    RecoveryQuitKeepAttachments = 80,

    /// <summary>A range of pages is given back to the file system. The engine's "TrimDB".</summary>
    TrimDatabase = 81,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored10 = 82,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored11 = 83,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored12 = 84,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored13 = 85,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored14 = 86,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored15 = 87,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored16 = 88,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored17 = 89,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored18 = 90,

    /// <summary>Reserved; skipped by its length.</summary>
    Ignored19 = 91,

    /// <summary>The format version of a database is set. The engine's "SetDbVersion".</summary>
    SetDatabaseVersion = 92,

    /// <summary>A 64-bit counter in a node is moved ("escrow").</summary>
    Delta64 = 93,

    /// <summary>A database shrinks. The engine's "ShrinkDB2".</summary>
    ShrinkDatabase2 = 94,

    /// <summary>A page is made ready, empty, before what is put in.</summary>
    NewPage = 95,

    /// <summary>The root of a tree is moved; first record of such a change.</summary>
    RootPageMove = 96,

    /// <summary>A database was attached, says one that shrank. The engine's "SignalAttachDb".</summary>
    SignalAttachDatabase = 97,

    /// <summary>A database scan, or a shrink, met a page.</summary>
    ScanCheck2 = 98,

    /// <summary>A database shrinks, at a dbtime. The engine's "ShrinkDB3".</summary>
    ShrinkDatabase3 = 99,

    /// <summary>Pages were given back.</summary>
    ExtentFreed = 100,

    /// <summary>Pages were given back, at a dbtime.</summary>
    ExtentFreed2 = 101,
}
