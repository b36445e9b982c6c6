namespace PipelineBackup.Stores.Tests.Proxy;

/// <summary>What a <see cref="FaultProxy"/> does with a request.</summary>
internal enum ProxyFault
{
    /// <summary>Nothing: it goes through.</summary>
    None,

    /// <summary>The server never hears of it; the answer is 500 or 503.</summary>
    ServerError,

    /// <summary>The server never hears of it; the answer asks to come again later, in the words of the store.</summary>
    Throttled,

    /// <summary>The connection is cut before anything is handed on.</summary>
    CutBefore,

    /// <summary>The connection is cut in the middle of the request's body.</summary>
    CutUpload,

    /// <summary>The server acts, and the connection is cut before its answer.</summary>
    CutBeforeAnswer,

    /// <summary>The connection is cut in the middle of the answer.</summary>
    CutAnswer,

    /// <summary>The server acts at once, and its answer comes late.</summary>
    Late,
}

/// <summary>Which requests meet which faults. The n-th request of a kind meets the same one in every run of a seed.</summary>
internal sealed record FaultPlan
{
    private static readonly ProxyFault[] s_faults =
        [.. Enum.GetValues<ProxyFault>().Where(fault => fault != ProxyFault.None)];

    /// <summary>No faults at all.</summary>
    public static FaultPlan None { get; } = new();

    /// <summary>Seed.</summary>
    public int Seed { get; init; }

    /// <summary>Share of the requests that meet a fault, from 0 to 1.</summary>
    public double Probability { get; init; }

    /// <summary>
    /// How often in a row the same request may meet a fault: a run must not hang on the one chance in thousands that
    /// everything fails eight times.
    /// </summary>
    public int MostInARow { get; init; } = 3;

    /// <summary>How late a late answer usually is.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>How late each tenth late answer is: later than the client waits.</summary>
    public TimeSpan LongDelay { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>The fault of a request.</summary>
    /// <param name="kind">What kind of request it is.</param>
    /// <param name="number">Its number among those of its kind.</param>
    /// <param name="chance">Chance for what else there is to choose about it.</param>
    public ProxyFault Choose(RequestKind kind, int number, out Random chance)
    {
        chance = new Random(HashCode(Seed, (int)kind, number));
        return chance.NextDouble() < Probability ? s_faults[chance.Next(s_faults.Length)] : ProxyFault.None;
    }

    /// <summary>How long a late answer of this chance is held back.</summary>
    public TimeSpan DelayOf(Random chance) => chance.Next(10) == 0 ? LongDelay : Delay;

    // That of the platform is another one in each process; and seeds that are near each other must give chances that are not.
    private static int HashCode(params ReadOnlySpan<int> values)
    {
        ulong hash = 0;
        foreach (int value in values)
        {
            hash = unchecked((hash ^ (uint)value) + 0x9E3779B97F4A7C15);
            hash = unchecked((hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9);
            hash = unchecked((hash ^ (hash >> 27)) * 0x94D049BB133111EB);
            hash ^= hash >> 31;
        }

        return (int)hash;
    }
}
