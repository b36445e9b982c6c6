using System.Globalization;

namespace PipelineBackup.Engine;

// Restores of streamed backups, beside the engines that run.
public sealed partial class EngineHost
{
    private int _lastRestore;

    /// <summary>
    /// Restores databases of a streamed backup ("JetExternalRestore"), which lie where they are to be: replays the logs
    /// of the backup, then those to roll forward with, then rolls back what was not committed. Other databases of the
    /// engine whose logs it rolls forward with are in use meanwhile. What it restores is clean then, and can be attached.
    /// </summary>
    /// <param name="options">What, where, and how.</param>
    /// <param name="cancellationToken">Ends it between two records; the databases must then be restored anew.</param>
    /// <returns>
    /// What it did; its result is the warning <see cref="EseError.TargetInstanceRunning"/> (578) when an engine goes on.
    /// </returns>
    /// <exception cref="EseException">
    /// <para>
    /// Before anything was touched: −1003: options that make no sense; −1080: the host is for one instance; −577: the
    /// target does not run, or is none of this backup; −506: another restore has that target; −1214: there are as many
    /// engines as there can be; −1084, −1083: an engine has the directories of the restore; −1202: an engine has a
    /// database of the map; −1023: a directory is missing; −554, −553: there are logs below or above the range, or the
    /// databases need some; −1811, −555, −556, −565, −610, −611, −573, −574, −543: a log is missing, foreign or damaged;
    /// −1206, −615, −535, −552: a file is no database of the backup; −1011: too little memory.
    /// </para>
    /// <para>Later: all that replay throws. Then the databases must be restored anew.</para>
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<RecoveryReport> RestoreExternalAsync(
        ExternalRestoreOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Require();
        RequireSeveral();
        cancellationToken.ThrowIfCancellationRequested();
        return await Upkeep.RunAsync(() => new ExternalRestore(this, options).Run(cancellationToken))
            .ConfigureAwait(false);
    }

    /// <summary>A name for the engine of a restore, which no engine has.</summary>
    internal string NameRestore()
    {
        string name;
        do
        {
            int number = Interlocked.Increment(ref _lastRestore);
            name = string.Create(CultureInfo.InvariantCulture, $"Restore{number:0000}");
        }
        while (Find(name) is not null);
        return name;
    }
}
