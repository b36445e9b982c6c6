namespace PipelineBackup.Sinks;

/// <summary>How often and how patiently a call to a store is repeated.</summary>
public sealed record RetryOptions
{
    /// <summary>How often a call is tried, the first time included. Default: 8; at least 1.</summary>
    public int Attempts { get; init; } = 8;

    /// <summary>The pause after the first failure; each further one doubles it. Default: 200 ms.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause. Default: 30 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one attempt to put an object may take. Default: 10 minutes, which 32 MiB take at half a megabit a
    /// second.
    /// </summary>
    public TimeSpan PutTimeLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long one attempt of any other step may take: an open, a read, the next name of a listing, a delete. Default:
    /// 2 minutes.
    /// </summary>
    public TimeSpan StepTimeLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Up to which length an object that may be ours is compared from beginning to end; of a longer one the length and
    /// the last 64 KiB are compared, where a pack has the checksums of all its parts. Default: 1 MiB.
    /// </summary>
    public long CompareWholeUpTo { get; init; } = 1 << 20;

    /// <summary>
    /// Seed of the random part of the pauses, so that writers that failed together do not come back together. Default:
    /// random.
    /// </summary>
    public int Seed { get; init; } = Random.Shared.Next();

    /// <summary>Told before every pause; for a log. Default: nobody.</summary>
    public Action<SinkRetry>? OnRetry { get; init; }

    /// <summary>Fails with all that is wrong.</summary>
    /// <exception cref="ArgumentException">Some of the options make no sense.</exception>
    internal void Validate()
    {
        var faults = new List<string>();
        Demand(Attempts >= 1, $"{nameof(Attempts)} is {Attempts}, and must be at least 1");
        Demand(FirstPause >= TimeSpan.Zero, $"{nameof(FirstPause)} is {FirstPause}, and must not be negative");
        Demand(LongestPause >= FirstPause,
            $"{nameof(LongestPause)} is {LongestPause}, less than {nameof(FirstPause)} {FirstPause}");
        Demand(PutTimeLimit > TimeSpan.Zero, $"{nameof(PutTimeLimit)} is {PutTimeLimit}, and must be positive");
        Demand(StepTimeLimit > TimeSpan.Zero, $"{nameof(StepTimeLimit)} is {StepTimeLimit}, and must be positive");
        Demand(CompareWholeUpTo >= 0, $"{nameof(CompareWholeUpTo)} is {CompareWholeUpTo}, and must not be negative");
        if (faults.Count > 0)
            throw new ArgumentException(string.Join("; ", faults));

        void Demand(bool holds, string otherwise)
        {
            if (!holds)
                faults.Add(otherwise);
        }
    }
}

/// <summary>A call to a store failed and will be repeated.</summary>
/// <param name="Call">What was tried, for instance <c>put 'a/b'</c>.</param>
/// <param name="Attempt">How often it has failed.</param>
/// <param name="Pause">How long to wait before the next attempt.</param>
/// <param name="Failure">What went wrong.</param>
public sealed record SinkRetry(string Call, int Attempt, TimeSpan Pause, SinkException Failure);
