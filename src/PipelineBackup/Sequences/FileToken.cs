namespace PipelineBackup.Sequences;

/// <summary>
/// What kind of file a name of a sequence is, one byte before it: it is kept with the copy, and says at restore which
/// directory the file goes to.
/// </summary>
/// <remarks>
/// <code>
/// 0x80  a directory, not a file
/// 0x40  it belongs where the databases are
/// 0x20  it belongs where the logs are
/// 0x0F  which kind
/// </code>
/// The values are those of the documented interface of the directory service, which is of the same making; that of a
/// streaming companion is our own.
/// </remarks>
public enum FileToken : byte
{
    /// <summary>None that is known.</summary>
    Unknown = 0x0F,

    /// <summary>A log.</summary>
    Log = 0x21,

    /// <summary>A patch file.</summary>
    Patch = 0x25,

    /// <summary>A database.</summary>
    Database = 0x44,

    /// <summary>The streaming companion (".stm") of a database.</summary>
    StreamingCompanion = 0x46,

    /// <summary>The directory of the logs.</summary>
    LogDirectory = 0x82,

    /// <summary>The directory of the checkpoint file.</summary>
    CheckpointDirectory = 0x83,
}
