using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests;

/// <summary>One way to break laws.</summary>
/// <param name="Name">What the sink does.</param>
/// <param name="Open">Opens such a sink on a memory store.</param>
internal sealed record Crime(string Name, Func<MemorySink, IBackupSink> Open)
{
    /// <summary>All there are.</summary>
    public static IReadOnlyList<Crime> All { get; } =
    [
        .. WritingCrimes.All, .. CreatingCrimes.All, .. NameCrimes.All, .. ReadingCrimes.All, .. StreamCrimes.All,
        .. ListingCrimes.All, .. DeletingCrimes.All, .. CancellingCrimes.All, .. SharingCrimes.All,
    ];
}
