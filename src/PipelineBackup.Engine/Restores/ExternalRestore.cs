namespace PipelineBackup.Engine;

/// <summary>A restore of a streamed backup, beside engines that run.</summary>
/// <remarks>
/// <code>
///  parameters, target,     target's logs     an engine of    target rolls its log:    logs and databases    replay,
///  paths, range         ─► lent: none is  ─► its own,     ─► all committed is in   ─► judged             ─► undo
///                          deleted           Recovering      closed ones
///  └────────── nothing was changed, but that the target has one log more ───────────────────────────┘
/// </code>
/// The logs of the target are read and nothing is written beside them; what undo writes goes to the directories of the
/// restore.
/// </remarks>
/// <param name="host">The engines.</param>
/// <param name="options">What was asked for; judged.</param>
internal sealed class ExternalRestore(EngineHost host, ExternalRestoreOptions options)
{
    private readonly RestoreTarget _target = new(host, options);

    /// <summary>Restores.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EseException">It failed.</exception>
    public RecoveryReport Run(CancellationToken cancellationToken)
    {
        var target = Guard(() => FindTarget());
        using var lent = target?.LendLogs();
        var engine = EmbeddedEngine.Create(Settings() with { Host = host, InstanceName = host.NameRestore() });
        try
        {
            using (engine.EnterRestore())
                return Tell(() => Guard(() => Restore(target, cancellationToken)));
        }
        finally
        {
            // One that was never opened is only taken from its host.
            engine.CloseAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }
    }

    private string LogDirectory => _target.IsStopped ? options.TargetLogDirectory! : options.LogDirectory;

    private string CheckpointDirectory => _target.IsStopped
        ? options.TargetCheckpointDirectory!
        : options.CheckpointDirectory ?? options.LogDirectory;

    private EngineOptions Settings() => new()
    {
        LogDirectory = LogDirectory,
        CheckpointDirectory = CheckpointDirectory,
        BaseName = options.BaseName,
        CreatePathIfNotExist = options.CreatePathIfNotExist,
        Events = options.Events,
        HasBackgroundWork = false,
        Disk = options.Disk,
        Time = options.Time,
    };

    private EmbeddedEngine? FindTarget()
    {
        foreach (string path in Paths())
            Full(path);
        var target = _target.Find();
        var settings = Settings();
        settings.RequireDirectory(LogDirectory);
        settings.RequireDirectory(CheckpointDirectory);
        settings.RequireDirectory(options.LogDirectory);
        if (!options.Disk.DirectoryExists(options.BackupLogDirectory))
        {
            throw new EseException(EseError.InvalidPath, $"there is no directory '{options.BackupLogDirectory}'",
                "check the path");
        }

        DemandRange();
        DemandNotAttached();
        return target;
    }

    private IEnumerable<string> Paths()
    {
        string?[] paths =
        [
            options.BackupLogDirectory, options.LogDirectory, options.CheckpointDirectory, options.TargetLogDirectory,
            options.TargetCheckpointDirectory,
        ];
        return paths.OfType<string>().Concat(options.Map.Select(entry => entry.Path));
    }

    // Whoever tells a range means all that is there: a log beyond it is one too many, or the range is wrong.
    private void DemandRange()
    {
        foreach (string path in options.Disk.ListFiles(options.BackupLogDirectory))
        {
            if (!LogFileName.TryParse(Path.GetFileName(path.AsSpan()), out var name)
                || name.Kind != LogFileKind.Numbered || !EngineHost.IsSame(name.Base, options.BaseName))
                continue;
            if (options.Low.IsSet && name.Generation < options.Low)
            {
                throw new EseException(EseError.StartingRestoreLogTooHigh,
                    $"'{path}' lies below the lowest log of the restore, {options.Low}",
                    "begin with it, or take it away");
            }

            if (options.High.IsSet && name.Generation > options.High)
            {
                throw new EseException(EseError.EndingRestoreLogTooLow,
                    $"'{path}' lies above the highest log of the restore, {options.High}",
                    "end with it, or take it to the directory of the logs to roll forward with");
            }
        }
    }

    private void DemandNotAttached()
    {
        foreach (var engine in host.Instances.Where(engine => ReferenceEquals(engine.Options.Disk, options.Disk)))
        {
            foreach (var database in engine.Databases)
            {
                if (options.Map.Any(entry => EngineHost.IsSamePath(entry.Path, database.Path)))
                {
                    throw new EseException(EseError.DatabaseInUse,
                        $"'{database.Path}' is attached to the engine '{engine.InstanceName}'",
                        "detach it, put the copy of the backup in its place, and restore then");
                }
            }
        }
    }

    private RecoveryReport Restore(EmbeddedEngine? target, CancellationToken cancellationToken)
    {
        var running = target is null
            ? null
            : new RunningLogs(target.Options.LogDirectory, target.CloseLog(Full(options.LogDirectory)));
        var report = new HardRecovery(new()
        {
            BaseName = options.BaseName,
            BackupLogDirectories = [options.BackupLogDirectory],
            LogDirectory = options.LogDirectory,
            CheckpointDirectory = options.CheckpointDirectory,
            TargetLogDirectory = _target.IsStopped ? options.TargetLogDirectory : null,
            TargetCheckpointDirectory = _target.IsStopped ? options.TargetCheckpointDirectory : null,
            Running = running,
            Low = options.Low,
            High = options.High,
            Map = options.Map,
            OnlyMapped = options.Map.Count > 0,
            MemoryBytes = options.MemoryBytes,
            Disk = options.Disk,
            Time = options.Time,
            Progress = options.Progress,
        }).Run(cancellationToken);
        return report with
        {
            Result = target is null ? report.Result : EseError.TargetInstanceRunning,
            Remarks = _target.Ignored.Length > 0 ? [_target.Ignored, .. report.Remarks] : report.Remarks,
        };
    }

    private RecoveryReport Tell(Func<RecoveryReport> restore)
    {
        void Say(int id, EngineEventLevel level, string message) =>
            EngineEvent.Tell(options.Events, id, level, message);

        string goesOn = options.HasTarget && _target.Ignored.Length == 0
            ? $", and those of the target '{options.TargetInstance ?? options.TargetLogDirectory}'"
            : "";
        Say(EngineEvent.RestoreBegins, EngineEventLevel.Information, $"a restore begins: logs in "
            + $"'{options.BackupLogDirectory}', then those in '{options.LogDirectory}'{goesOn}");
        try
        {
            return restore();
        }
        catch (Exception failure) when (failure is EseException or OperationCanceledException)
        {
            Say(EngineEvent.RecoveryFailed, EngineEventLevel.Error, $"the restore failed: {failure.Message}");
            throw;
        }
        finally
        {
            Say(EngineEvent.RestoreEnds, EngineEventLevel.Information, "the restore has ended");
        }
    }

    private static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var otherwise = e switch
            {
                FileNotFoundException => EseError.FileNotFound,
                DirectoryNotFoundException => EseError.InvalidPath,
                UnauthorizedAccessException => EseError.AccessDenied,
                _ => EseError.DiskIO,
            };
            throw new EseException(DiskFailure.Of(e, otherwise), $"the restore failed: {e.Message}",
                "restore the databases anew from the backup when that is mended");
        }
    }

    private static string Full(string path)
    {
        try
        {
            return Path.GetFullPath(path);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or PathTooLongException)
        {
            throw new EseException(EseError.InvalidPath, $"'{path}' is no path: {e.Message}");
        }
    }
}
