namespace PipelineBackup;

/// <summary>What a store answered, as far as the caller acts on it.</summary>
public enum SinkFailure
{
    /// <summary>Anything else.</summary>
    Other,

    /// <summary>The name is taken; nothing was changed.</summary>
    AlreadyExists,

    /// <summary>There is no such object, or the range lies beyond its end.</summary>
    NotFound,

    /// <summary>The credentials are missing, wrong or do not suffice.</summary>
    AccessDenied,

    /// <summary>No space, quota or budget left.</summary>
    Full,

    /// <summary>The content that arrived is not the content that was sent.</summary>
    Corrupt,
}

/// <summary>A store failed.</summary>
/// <param name="message">What failed, in lower case, with the name of the object.</param>
/// <param name="inner">The failure beneath, where there is one.</param>
public sealed class SinkException(string message, Exception? inner = null) : BackupException(message, inner)
{
    /// <summary>What the store answered.</summary>
    public SinkFailure Failure { get; init; }

    /// <summary>
    /// Whether the same call may succeed a moment later: a time-out, throttling, a lost connection. False for whatever a
    /// retry cannot cure.
    /// </summary>
    public bool Transient { get; init; }

    /// <summary>
    /// How long the store asked to be left alone, where it did; whoever repeats the call waits that long at least.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }
}
