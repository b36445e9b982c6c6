namespace PipelineBackup.StoreServers;

/// <summary>What came of looking for a server: where it is, or why there is none.</summary>
internal sealed record FoundServer
{
    /// <summary>Where it is; null where there is none.</summary>
    public Uri? Address { get; init; }

    /// <summary>The container that it runs in; null where somebody else started it.</summary>
    public IAsyncDisposable? Container { get; init; }

    /// <summary>Why there is none, to stand behind "and"; null where there is one.</summary>
    public string? Missing { get; init; }
}
