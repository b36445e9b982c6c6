namespace PipelineBackup.Testing.Tests.Served;

/// <summary>What a sink behind HTTP, or its store, does wrong.</summary>
[Flags]
internal enum Misdeeds
{
    None = 0,

    /// <summary>Calls a server that is not there a refusal.</summary>
    TakesSilenceForRefusal = 1 << 0,

    /// <summary>Hands on what the client of HTTP threw.</summary>
    ThrowsWhatItGot = 1 << 1,

    /// <summary>Calls a lost connection final.</summary>
    GivesUpAtOnce = 1 << 2,

    /// <summary>Does not look at tokens once a request is on its way.</summary>
    IsDeaf = 1 << 3,

    /// <summary>The store keeps what came before the connection was lost.</summary>
    KeepsHalves = 1 << 4,

    /// <summary>A put whose answer is lost counts as done.</summary>
    TrustsInPuts = 1 << 5,

    /// <summary>A delete whose answer is lost counts as done.</summary>
    TrustsInDeletes = 1 << 6,

    /// <summary>A stream that is cut is at its end.</summary>
    EndsStreamsEarly = 1 << 7,

    /// <summary>A listing that is cut is at its end.</summary>
    EndsListsEarly = 1 << 8,

    /// <summary>After a lost connection it never tries again.</summary>
    BearsGrudges = 1 << 9,

    /// <summary>Asks three times whether a name is free.</summary>
    AsksBeforePuts = 1 << 10,

    /// <summary>Asks for every MiB of a long object.</summary>
    AsksForEveryPart = 1 << 11,

    /// <summary>Asks again and again how long an object is.</summary>
    AsksBeforeReads = 1 << 12,

    /// <summary>Gets names a hundred at a time.</summary>
    ShortPages = 1 << 13,

    /// <summary>Looks before and after it deletes.</summary>
    AsksAroundDeletes = 1 << 14,

    /// <summary>Calls a refusal something that is not there.</summary>
    TakesRefusalForNothing = 1 << 15,

    /// <summary>Calls a refusal transient.</summary>
    HopesAfterRefusal = 1 << 16,

    /// <summary>Tells its key in messages.</summary>
    TellsItsKey = 1 << 17,

    /// <summary>Begins at the first page wherever a listing shall go on.</summary>
    TurnsBack = 1 << 18,
}
