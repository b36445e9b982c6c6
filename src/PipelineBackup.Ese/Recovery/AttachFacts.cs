namespace PipelineBackup.Ese;

/// <summary>What says that a database is attached.</summary>
internal enum AttachOrigin
{
    /// <summary>The list that redo starts with: it was attached before.</summary>
    List,

    /// <summary>A record that attaches it.</summary>
    Attached,

    /// <summary>A record that creates it.</summary>
    Created,
}

/// <summary>What the logs say of an attaching.</summary>
/// <param name="Origin">Where they say it.</param>
/// <param name="Database">Signature of the database.</param>
/// <param name="Stream">Signature of the stream that it was attached from: the one replayed, unless a record says
/// otherwise.</param>
/// <param name="Consistent">Where it was consistent before; not set for a new one.</param>
/// <param name="Attach">Position of the record that attached it.</param>
internal readonly record struct LoggedAttach(
    AttachOrigin Origin, Signature Database, Signature Stream, LogPosition Consistent, LogPosition Attach)
{
    /// <summary>
    /// <see cref="Consistent"/>, unless it cannot be of this stream: a position behind the record itself is left over
    /// from another one.
    /// </summary>
    public LogPosition ConsistentHere =>
        Origin == AttachOrigin.Attached && Consistent >= Attach ? default : Consistent;
}

/// <summary>Where replay is when a database is to be attached.</summary>
/// <param name="Stream">Signature of the stream that is replayed.</param>
/// <param name="Redo">Position of the record that is replayed, or where redo starts.</param>
/// <param name="PageSize">Page size that the logs are for.</param>
/// <param name="IsHard">Whether a backup set is restored.</param>
/// <param name="AllowBackupImages">Whether soft recovery may make a streamed copy whole.</param>
internal readonly record struct AttachScene(
    Signature Stream, LogPosition Redo, PageSize PageSize, bool IsHard, bool AllowBackupImages);

/// <summary>What the path of a database holds.</summary>
internal enum FoundFile
{
    /// <summary>A database whose header can be read.</summary>
    Database,

    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>No path that could hold a file: there is no such folder.</summary>
    NoPlace,

    /// <summary>A file that may not be opened.</summary>
    Denied,

    /// <summary>A file whose headers are both damaged.</summary>
    Damaged,

    /// <summary>A file that is no database at all.</summary>
    Alien,

    /// <summary>A database that another one of this replay took.</summary>
    Taken,
}

/// <summary>What to do with a database that the logs attach.</summary>
internal enum AttachDecision
{
    /// <summary>Replay into it from here.</summary>
    Now,

    /// <summary>Replay into it from here; its header knows nothing of this attaching yet.</summary>
    NowAnew,

    /// <summary>Leave its records out for now; a later record may attach it, or the end of the logs judges.</summary>
    Defer,

    /// <summary>Create the file.</summary>
    Recreate,

    /// <summary>Give up.</summary>
    Fail,
}

/// <summary>The judgement of an attaching.</summary>
/// <param name="Decision">What to do.</param>
/// <param name="Reason">Why, for people; empty where there is nothing to tell.</param>
/// <param name="Error">The error of <see cref="AttachDecision.Fail"/>.</param>
internal readonly record struct AttachVerdict(
    AttachDecision Decision, string Reason = "", EseError Error = EseError.Success)
{
    /// <summary>Deferred because the file is already beyond this part of the logs.</summary>
    public bool IsAhead { get; init; }

    /// <summary>Deferred because the file may not be opened.</summary>
    public bool IsDenied { get; init; }

    /// <summary>A streamed copy whose trailer page has to be merged into the header first.</summary>
    public bool NeedsTrailer { get; init; }

    /// <summary>
    /// A database with patched pages, which was attached again after this attaching: its header goes back to it.
    /// </summary>
    public bool GoesBack { get; init; }
}
