namespace PipelineBackup.Testing;

/// <summary>How the check of a law ended.</summary>
public enum LawVerdict
{
    /// <summary>The law was kept, as far as the check can see.</summary>
    Kept,

    /// <summary>It could not be checked here, or was not to be.</summary>
    Skipped,

    /// <summary>It was broken.</summary>
    Broken,
}

/// <summary>What came of the check of a law.</summary>
/// <param name="Law">Name of the law.</param>
/// <param name="Verdict">How it ended.</param>
/// <param name="Reason">Why it was skipped, or what was broken; empty where it was kept.</param>
/// <param name="Duration">How long it took.</param>
public sealed record LawOutcome(string Law, LawVerdict Verdict, string Reason, TimeSpan Duration)
{
    /// <summary>Whether nothing was checked; a test says so with <see cref="Reason"/>.</summary>
    public bool IsSkipped => Verdict == LawVerdict.Skipped;

    /// <summary>For instance <c>ranges: skipped, the store has no server</c>.</summary>
    public override string ToString() =>
        Verdict == LawVerdict.Kept ? $"{Law}: kept" : $"{Law}: {(IsSkipped ? "skipped" : "broken")}, {Reason}";
}
