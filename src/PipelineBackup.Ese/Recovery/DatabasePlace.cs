namespace PipelineBackup.Ese;

/// <summary>A slot of the logs ("dbid") that a database was attached to, and where the database is.</summary>
/// <param name="Slot">The number in log records.</param>
/// <param name="LoggedPath">Its path in the logs.</param>
/// <param name="Logged">What the logs say of its attaching.</param>
/// <param name="IsSparse">Whether the logs let its file be sparse.</param>
/// <param name="MaxPages">The most pages it may have; 0 for no limit.</param>
internal sealed record DatabasePlace(
    byte Slot, string LoggedPath, LoggedAttach Logged, bool IsSparse, PageCount MaxPages)
{
    /// <summary>Where it is; empty when the map leaves it out.</summary>
    public string Path { get; init; } = "";

    /// <summary>The judgement of its attaching.</summary>
    public AttachVerdict Verdict { get; init; }

    /// <summary>Whether the map leaves it out.</summary>
    public bool IsSkipped { get; init; }

    /// <summary>
    /// The last dbtime that the list which redo starts with knows: its pages may have it, though no later record does.
    /// </summary>
    public DbTime LastTime { get; init; }

    /// <summary>The last object id that the list which redo starts with knows.</summary>
    public ObjectId LastObject { get; init; }

    /// <summary>Reads an entry of the list that redo starts with.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="stream">Signature of the stream.</param>
    public static DatabasePlace From(in AttachedDatabase entry, Signature stream) => new(
        (byte)entry.Slot, entry.Path,
        new(AttachOrigin.List, entry.Signature, stream, entry.Consistent, entry.Attached),
        (entry.Flags & 0x40) != 0, entry.MaxPages)
    {
        LastTime = entry.DbTime,
        LastObject = entry.LastObject,
    };

    /// <summary>Reads a record that attaches a database.</summary>
    /// <param name="record">The record.</param>
    /// <param name="position">Its position.</param>
    public static DatabasePlace From(AttachDatabaseRecord record, LogPosition position)
    {
        ref readonly var attachment = ref record.Attachment;
        return new(attachment.Database, record.Path,
            new(AttachOrigin.Attached, attachment.Signature, attachment.LogSignature, attachment.Consistent, position),
            record.IsSparse, new(attachment.MaxPages));
    }

    /// <summary>Reads a record that creates a database.</summary>
    /// <param name="record">The record.</param>
    /// <param name="position">Its position.</param>
    /// <param name="stream">Signature of the stream.</param>
    public static DatabasePlace From(CreateDatabaseRecord record, LogPosition position, Signature stream)
    {
        ref readonly var creation = ref record.Creation;
        return new(creation.Database, record.Path,
            new(AttachOrigin.Created, creation.Signature, stream, default, position),
            record.IsSparse, new(creation.MaxPages));
    }
}

/// <summary>What a database takes from the run that it is recovered in.</summary>
/// <param name="Disk">The disk.</param>
/// <param name="Clock">The clock.</param>
/// <param name="PageSize">Page size of the databases of the stream.</param>
/// <param name="MemoryBytes">Memory for the pages of all databases.</param>
/// <param name="CreateScratch">Makes a temporary file for pages.</param>
/// <param name="Versions">Knows which pages must not be written yet.</param>
/// <param name="LastLog">The last generation that will be replayed, all of it found sound.</param>
internal sealed record DatabaseSurroundings(
    IDisk Disk, TimeProvider Clock, PageSize PageSize, long MemoryBytes, Func<IDiskFile> CreateScratch,
    VersionStore Versions, LogGeneration LastLog);
