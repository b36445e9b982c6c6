using PipelineBackup.Tests.Simulation;

namespace PipelineBackup.Tests.Backup;

/// <summary>What fails once the commit is stored: the backup stands, its id is told, and the program says that it
/// failed.</summary>
public class AfterCommitTests
{
    private static readonly Lazy<Task<CapturedSource>> s_source =
        new(() => CapturedSource.OfAsync(Path.Combine(GoldenSets.Small("dirty-empty-4096"), "files")));

    [Theory]
    [InlineData("ListTruncatable", "source")]
    [InlineData("Truncate", "source")]
    [InlineData("Complete", "source")]
    [InlineData("Truncate", "disk")]
    [InlineData("Complete", "bug")]
    [InlineData("Complete", "cancel")]
    [InlineData("Dispose", "bug")]
    public async Task The_backup_stands_and_the_failure_is_told(string step, string kind)
    {
        using var cancel = new CancellationTokenSource();
        await using var store = new MemorySink();
        var source = new Ending((await s_source.Value).With(null, reached =>
        {
            if ($"{reached}" == step)
                Fail();
        }), step == "Dispose" ? Fail : () => { });
        var report = await new BackupPipeline(source, [store], new() { Time = new HurriedTime() })
            .RunAsync(cancel.Token);
        Assert.Equal(ExitCode.Failed, report.ExitCode);
        Assert.Contains(report.Manifest.Id, report.FailureAfterCommit!.Message, StringComparison.Ordinal);
        Assert.Contains("no log was deleted that it does not hold", report.FailureAfterCommit.Hint, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Done, (await new VerificationPipeline(store).RunAsync(report.Manifest.Id)).ExitCode);

        void Fail()
        {
            if (kind == "cancel")
                cancel.Cancel();
            throw kind switch
            {
                "source" => new SourceException("planned"),
                "disk" => new IOException("planned"),
                "cancel" => new OperationCanceledException(cancel.Token),
                _ => new InvalidOperationException("planned"),
            };
        }
    }

    [Theory]
    [InlineData(BackupKind.Full, BadPagePolicy.Fail, true, true)]
    [InlineData(BackupKind.Copy, BadPagePolicy.Fail, true, false)]
    [InlineData(BackupKind.Full, BadPagePolicy.Fail, false, false)]
    [InlineData(BackupKind.Full, BadPagePolicy.Record, true, false)]
    public async Task Logs_are_truncated_only_behind_a_whole_backup_that_others_build_on(BackupKind kind,
        BadPagePolicy policy, bool wanted, bool truncates)
    {
        await using var store = new MemorySink();
        var steps = new List<SourceStep>();
        var fault = policy == BadPagePolicy.Record ? new SourceFault(SourceStep.Read, 1, SourceMischief.Rots) : null;
        var source = (await s_source.Value).With(fault, steps.Add);
        await new BackupPipeline(source, [store],
            new() { Kind = kind, OnBadPage = policy, TruncateLogs = wanted, Time = new HurriedTime() }).RunAsync();
        Assert.Equal(truncates, steps.Contains(SourceStep.Truncate));
        Assert.Equal(SourceStep.Complete, steps[^1]);
        Assert.True(steps.IndexOf(SourceStep.Validate) < (truncates ? steps.IndexOf(SourceStep.Truncate)
            : steps.Count));
    }

    /// <summary>A source whose session does something when it is disposed.</summary>
    private sealed class Ending(IBackupSource inner, Action disposing) : IBackupSource
    {
        public async ValueTask<IBackupSession> BeginAsync(BackupRequest request, CancellationToken cancellationToken) =>
            new Session(await inner.BeginAsync(request, cancellationToken), disposing);

        private sealed class Session(IBackupSession inner, Action disposing) : IBackupSession
        {
            public BackupStamp Stamp => inner.Stamp;

            public IReadOnlyList<SourceFile> Databases => inner.Databases;

            public ValueTask<ISourceFileReader> OpenAsync(SourceFile file, CancellationToken cancellationToken) =>
                inner.OpenAsync(file, cancellationToken);

            public ValueTask<IReadOnlyList<SourceFile>> EndDatabasesAsync(CancellationToken cancellationToken) =>
                inner.EndDatabasesAsync(cancellationToken);

            public ValueTask<IReadOnlyList<SourceFile>> TruncatableLogsAsync(CancellationToken cancellationToken) =>
                inner.TruncatableLogsAsync(cancellationToken);

            public ValueTask TruncateLogsAsync(CancellationToken cancellationToken) =>
                inner.TruncateLogsAsync(cancellationToken);

            public ValueTask ValidateAsync(CancellationToken cancellationToken) =>
                inner.ValidateAsync(cancellationToken);

            public ValueTask CompleteAsync(CancellationToken cancellationToken) =>
                inner.CompleteAsync(cancellationToken);

            public async ValueTask DisposeAsync()
            {
                await inner.DisposeAsync();
                disposing();
            }
        }
    }
}
