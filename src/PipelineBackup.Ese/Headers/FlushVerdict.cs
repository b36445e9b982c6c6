namespace PipelineBackup.Ese;

/// <summary>What a flush map says of one page.</summary>
public enum FlushVerdict
{
    /// <summary>Nothing: the map was not accepted, or one of the two sides knows no type.</summary>
    Unknown,

    /// <summary>The page carries the type the map remembers.</summary>
    Match,

    /// <summary>The page was written once more after the map was saved: usual in a dirty database, no damage.</summary>
    Ahead,

    /// <summary>
    /// The page of a dirty database lacks a write that the map remembers. Replay heals it when the logs it needs name
    /// the page; when they do not, the write is lost.
    /// </summary>
    Suspect,

    /// <summary>The last write of the page is lost: <see cref="EseError.ReadLostFlushVerifyFailure"/>, -1119.</summary>
    Lost,
}
