using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Ese;

/// <summary>
/// Sizes of all log records: what is needed to step from one to the next. A record is a fixed part, by type, and up to
/// four tails whose lengths stand in the fixed part.
/// </summary>
internal static class LogRecordCatalogue
{
    /// <summary>Number of types; a first byte from here on is damage.</summary>
    public const int TypeCount = 102;

    /// <summary>Bytes before the extra ones that the length of an extensible record counts.</summary>
    public const int ExtensibleHeaderBytes = 5;

    private const int MaxTails = 4;

    // How a tail's length is told: where the field stands and what it is.
    private enum Rule : byte
    {
        None,
        Short,
        Int,
        // The low 15 bits count.
        Low15,
        // Bit 2 stands for four bytes.
        VersionFlag,
        // The length counts the fixed part from its fifth byte on.
        Rest,
    }

    private readonly record struct Tail(Rule Rule, byte At);

    [InlineArray(MaxTails)]
    private struct Tails
    {
        private Tail _first;
    }

    private struct Entry
    {
        public ushort Fixed;
        public byte TailCount;
        public bool IsPage, IsNode, IsClosing, IsExtensible;
        public Tails Tails;
    }

    private static readonly Entry[] s_entries = Build();

    /// <summary>Size of the fixed part; 0 for a type that cannot be measured.</summary>
    /// <param name="type">Any type.</param>
    public static int Fixed(LogRecordType type) => (int)type < TypeCount ? s_entries[(int)type].Fixed : 0;

    /// <summary>Where the body begins: behind the type, or behind the length of an extensible record.</summary>
    /// <param name="type">A type that can be measured.</param>
    public static int BodyOffset(LogRecordType type) => s_entries[(int)type].IsExtensible ? ExtensibleHeaderBytes : 1;

    /// <summary>Whether records of this type begin with a <see cref="PageChange"/>.</summary>
    /// <param name="type">Any type.</param>
    public static bool IsPage(LogRecordType type) => (int)type < TypeCount && s_entries[(int)type].IsPage;

    /// <summary>Whether records of this type begin with a <see cref="NodeChange"/>.</summary>
    /// <param name="type">Any type.</param>
    public static bool IsNode(LogRecordType type) => (int)type < TypeCount && s_entries[(int)type].IsNode;

    /// <summary>Whether a record of this type closes a stream.</summary>
    /// <param name="type">Any type.</param>
    public static bool IsClosing(LogRecordType type) => (int)type < TypeCount && s_entries[(int)type].IsClosing;

    /// <summary>Bytes of the record at the start of a span; 0 when its type is unknown or it does not fit.</summary>
    /// <param name="record">The bytes from the record on.</param>
    public static int Measure(ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty || record[0] >= TypeCount)
            return 0;
        ref readonly var entry = ref s_entries[record[0]];
        int fixedBytes = entry.Fixed;
        if (fixedBytes == 0 || fixedBytes > record.Length)
            return 0;
        // Four lengths of 32 bits cannot run over.
        long size = fixedBytes;
        for (int i = 0; i < entry.TailCount; i++)
        {
            var tail = entry.Tails[i];
            size += Length(record, tail, fixedBytes);
        }

        return size >= fixedBytes && size <= record.Length ? (int)size : 0;
    }

    private static long Length(ReadOnlySpan<byte> record, Tail tail, int fixedBytes) => tail.Rule switch
    {
        Rule.Short => BinaryPrimitives.ReadUInt16LittleEndian(record[tail.At..]),
        Rule.Int => BinaryPrimitives.ReadUInt32LittleEndian(record[tail.At..]),
        Rule.Low15 => BinaryPrimitives.ReadUInt16LittleEndian(record[tail.At..]) & 0x7FFF,
        Rule.VersionFlag => record[tail.At] & 4,
        // Negative when too short for its fixed part, which makes the record smaller than that: refused.
        _ => (long)BinaryPrimitives.ReadUInt32LittleEndian(record[tail.At..]) - (fixedBytes - ExtensibleHeaderBytes),
    };

    private static Entry[] Build()
    {
        // The views lay structures over the stored bytes.
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("log records are read on little-endian machines only");
        var entries = new Entry[TypeCount];
        AddControl(entries);
        AddNodes(entries);
        AddTrees(entries);
        AddLifeCycle(entries);
        AddExtensible(entries);
        foreach (var type in (ReadOnlySpan<LogRecordType>)[LogRecordType.Term, LogRecordType.RecoveryQuit,
            LogRecordType.Term2, LogRecordType.RecoveryQuit2, LogRecordType.RecoveryQuitKeepAttachments])
            entries[(int)type].IsClosing = true;
        return entries;
    }

    private static void AddControl(Entry[] entries)
    {
        Add(entries, LogRecordType.Nop, 1);
        Add(entries, LogRecordType.Ms, 9);
        Add(entries, LogRecordType.End, 1);
        Add(entries, LogRecordType.Checksum, LegacyLogChecksum.Size);
        Add(entries, LogRecordType.FragmentBegin, 7, Short(5));
        Add(entries, LogRecordType.Fragment, 3, Short(1));
        Add(entries, LogRecordType.Begin, 4);
        Add(entries, LogRecordType.Commit, 4);
        Add(entries, LogRecordType.Rollback, 4);
        Add(entries, LogRecordType.Begin0, 8);
        Add(entries, LogRecordType.Commit0, 8);
        Add(entries, LogRecordType.Refresh, 7);
        Add(entries, LogRecordType.BeginDistributed, 8);
        Add(entries, LogRecordType.PrepareCommit, 7, Int(3));
        Add(entries, LogRecordType.ForceWriteLog, 3);
        Add(entries, LogRecordType.MacroBegin, 11);
        Add(entries, LogRecordType.MacroCommit, 11);
        Add(entries, LogRecordType.MacroAbort, 11);
    }

    private static void AddNodes(Entry[] entries)
    {
        AddNode(entries, LogRecordType.Insert, 50, Short(44), Short(46), Short(48));
        AddNode(entries, LogRecordType.FlagInsert, 48, Short(44), Short(46));
        AddNode(entries, LogRecordType.FlagInsertReplace, 52, Short(44), Short(46));
        AddNode(entries, LogRecordType.FlagDelete, 44);
        AddNode(entries, LogRecordType.Replace, 50, new Tail(Rule.Low15, 44));
        AddNode(entries, LogRecordType.ReplaceDifference, 50, new Tail(Rule.Low15, 44));
        AddNode(entries, LogRecordType.Delete, 44);
        AddNode(entries, LogRecordType.UndoInfo, 56, Short(44), Short(46), Short(54));
        AddNode(entries, LogRecordType.Delta, 54, Short(44), Short(46));
        AddNode(entries, LogRecordType.Delta64, 58, Short(44), Short(46));
        AddNode(entries, LogRecordType.SetExternalHeader, 46, Short(44));
        AddNode(entries, LogRecordType.Undo, 51, Short(44), Short(46));
        AddNode(entries, LogRecordType.EmptyTree, 46, Short(44));
        AddNode(entries, LogRecordType.Scrub, 54, Short(52));
    }

    private static void AddTrees(Entry[] entries)
    {
        AddPage(entries, LogRecordType.CreateMultipleExtentTree, 56);
        AddPage(entries, LogRecordType.CreateSingleExtentTree, 48);
        AddPage(entries, LogRecordType.ConvertTreeOld, 60);
        AddPage(entries, LogRecordType.ConvertTree, 68);
        AddPage(entries, LogRecordType.SplitOld, 102, Short(100), Short(96), Short(98));
        AddPage(entries, LogRecordType.Split, 110, Short(100), Short(96), Short(98), Int(106));
        AddPage(entries, LogRecordType.MergeOld, 88, Short(86));
        AddPage(entries, LogRecordType.Merge, 96, Short(86), Int(92));
        AddPage(entries, LogRecordType.PageMove, 96, Int(88), Int(92));
        Add(entries, LogRecordType.NewPage, 20);
        Add(entries, LogRecordType.RootPageMove, 16);
    }

    private static void AddLifeCycle(Entry[] entries)
    {
        Add(entries, LogRecordType.Init, 568);
        Add(entries, LogRecordType.Init2, 576);
        Add(entries, LogRecordType.Term, 18);
        Add(entries, LogRecordType.Term2, 26);
        Add(entries, LogRecordType.RecoveryUndo, 1);
        Add(entries, LogRecordType.RecoveryUndo2, 9);
        Add(entries, LogRecordType.RecoveryQuit, 18);
        Add(entries, LogRecordType.RecoveryQuit2, 26);
        Add(entries, LogRecordType.RecoveryQuitKeepAttachments, 26);
        Add(entries, LogRecordType.ShutdownMark, 1);
        Add(entries, LogRecordType.JetOperation, 4);
        Add(entries, LogRecordType.Trace, 5, Short(3));
        Add(entries, LogRecordType.ForceLogRollover, 5, Short(3));
        Add(entries, LogRecordType.FullBackup, 3, Short(1));
        Add(entries, LogRecordType.IncrementalBackup, 3, Short(1));
        Add(entries, LogRecordType.Backup, 5, Short(3));
        Add(entries, LogRecordType.Backup2, 35, Short(33));
        Add(entries, LogRecordType.ExternalRestore, 3, Short(1));
        Add(entries, LogRecordType.ExternalRestore2, 3, Short(1));
        Add(entries, LogRecordType.CreateDatabase, 43, new Tail(Rule.VersionFlag, 42), Short(40));
        Add(entries, LogRecordType.CreateDatabaseFinish, 4);
        Add(entries, LogRecordType.AttachDatabase, 75, Short(72));
        Add(entries, LogRecordType.DetachDatabase, 7, Short(4));
        Add(entries, LogRecordType.SetDatabaseVersion, 14);
        Add(entries, LogRecordType.SignalAttachDatabase, 2);
        Add(entries, LogRecordType.PagePatchRequest, 46);
        Add(entries, LogRecordType.ShrinkDatabase, 10);
        Add(entries, LogRecordType.ShrinkDatabase2, 10);
        Add(entries, LogRecordType.ShrinkDatabase3, 18);
        Add(entries, LogRecordType.TrimDatabase, 10);
        Add(entries, LogRecordType.ScanCheck2, 27);
        Add(entries, LogRecordType.ExtentFreed, 11);
        Add(entries, LogRecordType.ExtentFreed2, 19);
    }

    // Records that a reader could skip without knowing them: a type, a length, so many bytes.
    private static void AddExtensible(Entry[] entries)
    {
        var rest = new Tail(Rule.Rest, 1);
        Add(entries, LogRecordType.MacroInfo, ExtensibleHeaderBytes, rest);
        Add(entries, LogRecordType.ExtendDatabase, 10, rest);
        Add(entries, LogRecordType.CommitContext, 7, rest);
        Add(entries, LogRecordType.ScanCheck, 44, rest);
        Add(entries, LogRecordType.Nop2, ExtensibleHeaderBytes, rest);
        Add(entries, LogRecordType.ReattachDatabase, 50, rest);
        Add(entries, LogRecordType.MacroInfo2, 10, rest);
        Add(entries, LogRecordType.FreeTree, 15, rest);
        Add(entries, LogRecordType.Ignored9, ExtensibleHeaderBytes, rest);
        for (var type = LogRecordType.Ignored10; type <= LogRecordType.Ignored19; type++)
            Add(entries, type, ExtensibleHeaderBytes, rest);
    }

    private static Tail Short(byte at) => new(Rule.Short, at);

    private static Tail Int(byte at) => new(Rule.Int, at);

    private static void AddNode(Entry[] entries, LogRecordType type, ushort fixedBytes, params Tail[] tails)
    {
        AddPage(entries, type, fixedBytes, tails);
        entries[(int)type].IsNode = true;
    }

    private static void AddPage(Entry[] entries, LogRecordType type, ushort fixedBytes, params Tail[] tails)
    {
        Add(entries, type, fixedBytes, tails);
        entries[(int)type].IsPage = true;
    }

    private static void Add(Entry[] entries, LogRecordType type, ushort fixedBytes, params Tail[] tails)
    {
        var entry = new Entry
        {
            Fixed = fixedBytes,
            TailCount = (byte)tails.Length,
            IsExtensible = tails is [{ Rule: Rule.Rest }],
        };
        tails.CopyTo((Span<Tail>)entry.Tails);
        entries[(int)type] = entry;
    }
}
