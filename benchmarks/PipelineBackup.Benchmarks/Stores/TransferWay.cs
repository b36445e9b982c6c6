namespace PipelineBackup.Benchmarks.Stores;

/// <summary>Whose way of transferring it is.</summary>
internal enum WayOf
{
    /// <summary>A request over HTTP and nothing else: what server and line can do.</summary>
    Limit,

    /// <summary>The provider's own library.</summary>
    Provider,

    /// <summary>Ours.</summary>
    House,

    /// <summary>Ours without a store: what would be left of a backup if transfers took no time.</summary>
    Alone,
}

/// <summary>One way to bring a <see cref="PackSet"/> into a store and out of it again.</summary>
/// <param name="Name">What it is called in the table.</param>
/// <param name="Of">Whose it is.</param>
/// <param name="PutAsync">Brings all in, below a prefix that nobody used before.</param>
/// <param name="GetAsync">Reads all back, and leaves it nowhere.</param>
internal sealed record TransferWay(string Name, WayOf Of, Func<string, Task> PutAsync, Func<string, Task> GetAsync);
