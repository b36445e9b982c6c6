namespace PipelineBackup.Engine;

// The engine as the target of a restore, which rolls forward with its logs.
public sealed partial class EmbeddedEngine
{
    private const int LongestName = 255;

    private readonly Lock _logDeletion = new();
    private bool _areLogsLent;

    /// <summary>Lends the closed logs to a restore: none of them is deleted until the result is disposed of.</summary>
    /// <exception cref="EseException">−506: another restore has them.</exception>
    internal LentLogs LendLogs()
    {
        // Whoever deletes some now comes first.
        lock (_logDeletion)
        {
            if (_areLogsLent)
            {
                throw new EseException(EseError.RestoreInProgress,
                    $"another restore rolls forward with the logs of '{InstanceName}'", "wait until it has ended");
            }

            _areLogsLent = true;
        }

        return new(this);
    }

    /// <summary>Deletes logs that are not needed any more, unless a restore reads them.</summary>
    /// <param name="delete">Deletes them.</param>
    /// <returns>Whether it was done.</returns>
    internal bool TryDeleteLogs(Action delete)
    {
        lock (_logDeletion)
        {
            if (!_areLogsLent)
                delete();
            return !_areLogsLent;
        }
    }

    /// <summary>Ends the current log, so that all that was committed is in closed ones, on the disk.</summary>
    /// <param name="restoreLogs">Where the restore that asks for it has its logs.</param>
    /// <returns>The last one that is closed.</returns>
    /// <exception cref="EseException">The error of its state; −529, −510: its logs cannot be written.</exception>
    internal LogGeneration CloseLog(string restoreLogs)
    {
        var records = new LogRecordWriter();
        records.ExternalRestore(restoreLogs, InstanceName[..Math.Min(InstanceName.Length, LongestName)]);
        LogGeneration current;
        lock (Latch)
        {
            RequireWritable();
            Log.Roll();
            // The first record of the new one, as the engine has it.
            Log.Append(records.Written);
            current = Log.Header.Generation;
        }

        Guard(Log.Flush);
        return new(current.Value - 1);
    }

    /// <summary>Logs that a restore reads.</summary>
    /// <param name="engine">Whose they are.</param>
    internal sealed class LentLogs(EmbeddedEngine engine) : IDisposable
    {
        /// <summary>It reads them no more.</summary>
        public void Dispose()
        {
            lock (engine._logDeletion)
                engine._areLogsLent = false;
        }
    }
}
