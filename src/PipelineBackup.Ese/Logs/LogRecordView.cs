namespace PipelineBackup.Ese;

/// <summary>
/// One log record where it lies: its type, its position, and its fields by the structure of its type. Valid until the
/// reader that gave it goes on.
/// </summary>
/// <remarks>
/// Fixed fields are seen through <see cref="Body"/>: <c>record.Body&lt;NodeChange&gt;().Change.Page</c>. Records with
/// tails have a view of their own: <c>record.AsInsert().Data</c>. Asking for a view that the type has not is an error
/// of the caller; bytes from a file never cause it.
/// </remarks>
public readonly ref struct LogRecordView
{
    /// <summary>A record.</summary>
    /// <param name="bytes">All its bytes.</param>
    /// <param name="position">Its position.</param>
    /// <param name="firstByte">Where its first byte stands.</param>
    /// <exception cref="EseException">−501: the bytes are not one whole record.</exception>
    public LogRecordView(ReadOnlySpan<byte> bytes, LogPosition position, LogPosition firstByte)
        : this(bytes, position, firstByte, measured: LogRecordCatalogue.Measure(bytes))
    {
    }

    internal LogRecordView(ReadOnlySpan<byte> bytes, LogPosition position, LogPosition firstByte, int measured)
    {
        if (measured != bytes.Length || measured == 0)
            throw new EseException(EseError.LogFileCorrupt, $"no log record of {bytes.Length} bytes at {position}");
        Bytes = bytes;
        Position = position;
        FirstByte = firstByte;
    }

    /// <summary>All bytes of the record, without the heads of fragments.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>
    /// Where the record before ended: the number by which the format names this one. At the start of a segment its
    /// offset is 0.
    /// </summary>
    public LogPosition Position { get; }

    /// <summary>
    /// Where the first byte stands, behind filler and heads; of a fragmented record, where its first fragment does.
    /// </summary>
    public LogPosition FirstByte { get; }

    /// <summary>The type.</summary>
    public LogRecordType Type => (LogRecordType)Bytes[0];

    /// <summary>Whether the record is about one page and begins with a <see cref="PageChange"/>.</summary>
    public bool IsPageChange => LogRecordCatalogue.IsPage(Type);

    /// <summary>Whether the record is about one node and begins with a <see cref="NodeChange"/>.</summary>
    public bool IsNodeChange => LogRecordCatalogue.IsNode(Type);

    /// <summary>Whether the record closes the stream when nothing but filler follows.</summary>
    public bool IsClosing => LogRecordCatalogue.IsClosing(Type);

    /// <summary>The change of a page: only when <see cref="IsPageChange"/>.</summary>
    public ref readonly PageChange Page => ref Body<PageChange>();

    /// <summary>The change of a node: only when <see cref="IsNodeChange"/>.</summary>
    public ref readonly NodeChange Node => ref Body<NodeChange>();

    /// <summary>All behind the fixed part.</summary>
    public ReadOnlySpan<byte> Tail => Bytes[LogRecordCatalogue.Fixed(Type)..];

    /// <summary>The fixed part as a structure.</summary>
    /// <typeparam name="T">The structure of this type of record.</typeparam>
    /// <exception cref="InvalidOperationException">The type has another.</exception>
    public ref readonly T Body<T>()
        where T : unmanaged, ILogRecordBody
    {
        if (!T.Describes(Type))
            throw Mismatch(typeof(T).Name);
        return ref RecordField.At<T>(Bytes, LogRecordCatalogue.BodyOffset(Type));
    }

    /// <summary>As <see cref="LogRecordType.Insert"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public InsertRecord AsInsert() => Type == LogRecordType.Insert ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.FlagInsert"/> or <see cref="LogRecordType.FlagInsertReplace"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public FlagInsertRecord AsFlagInsert() =>
        Type is LogRecordType.FlagInsert or LogRecordType.FlagInsertReplace ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Replace"/> or <see cref="LogRecordType.ReplaceDifference"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public ReplaceRecord AsReplace() =>
        Type is LogRecordType.Replace or LogRecordType.ReplaceDifference ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.UndoInfo"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public UndoInfoRecord AsUndoInfo() => Type == LogRecordType.UndoInfo ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Delta"/> or <see cref="LogRecordType.Delta64"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public DeltaRecord AsDelta() =>
        Type is LogRecordType.Delta or LogRecordType.Delta64 ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Undo"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public UndoRecord AsUndo() => Type == LogRecordType.Undo ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.EmptyTree"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public EmptyTreeRecord AsEmptyTree() => Type == LogRecordType.EmptyTree ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Scrub"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public ScrubRecord AsScrub() => Type == LogRecordType.Scrub ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Split"/> or <see cref="LogRecordType.SplitOld"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public SplitRecord AsSplit() =>
        Type is LogRecordType.Split or LogRecordType.SplitOld ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Merge"/> or <see cref="LogRecordType.MergeOld"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public MergeRecord AsMerge() =>
        Type is LogRecordType.Merge or LogRecordType.MergeOld ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.PageMove"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public PageMoveRecord AsPageMove() => Type == LogRecordType.PageMove ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Init"/> or <see cref="LogRecordType.Init2"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public InitRecord AsInit() => Type is LogRecordType.Init or LogRecordType.Init2 ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Trace"/> or <see cref="LogRecordType.ForceLogRollover"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public TextRecord AsText() =>
        Type is LogRecordType.Trace or LogRecordType.ForceLogRollover ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.CommitContext"/>.</summary>
    /// <param name="version">Version of the log: the layout depends on it.</param>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public CommitContextRecord AsCommitContext(LogVersion version) =>
        Type == LogRecordType.CommitContext ? new(Bytes, version) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.MacroInfo"/> or <see cref="LogRecordType.MacroInfo2"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public MacroInfoRecord AsMacroInfo() =>
        Type is LogRecordType.MacroInfo or LogRecordType.MacroInfo2 ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.Backup2"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public BackupRecord AsBackup() => Type == LogRecordType.Backup2 ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.CreateDatabase"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public CreateDatabaseRecord AsCreateDatabase() =>
        Type == LogRecordType.CreateDatabase ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.AttachDatabase"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public AttachDatabaseRecord AsAttachDatabase() =>
        Type == LogRecordType.AttachDatabase ? new(Bytes) : throw Mismatch();

    /// <summary>As <see cref="LogRecordType.DetachDatabase"/>.</summary>
    /// <exception cref="InvalidOperationException">It is another record.</exception>
    public DetachDatabaseRecord AsDetachDatabase() =>
        Type == LogRecordType.DetachDatabase ? new(Bytes) : throw Mismatch();

    private InvalidOperationException Mismatch(string view = "asked for") =>
        new($"a {Type} record has no view {view}");
}
