namespace PipelineBackup.Sequences;

/// <summary>
/// The calls of a restore as a server answers them, of plain values like those of <see cref="IBackupSequences"/>.
/// </summary>
/// <remarks>
/// <code>
///           ┌─ AddDatabase, Open Write Close … ─┐
/// Open ─► files ◄──────── more files ──────── saved ─► Complete ─► Close
///            │        SaveEnvironment ──────►   │ ▲
///            └── Close, or left alone: removed  │ └── Reopen, of what was saved and left alone
/// </code>
/// Databases go where they belong, logs and patch files into a directory of the restore's own. Nothing that is there is
/// overwritten. Restores of several instances go on in parallel; of one instance one at a time (−506), its databases
/// recovered together, one stream of logs through all of them.
/// </remarks>
public interface IRestoreSequences
{
    /// <summary>Where the files of an instance go: the rows of a <see cref="LocationTable"/>.</summary>
    /// <param name="server">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<IReadOnlyList<TokenedName>> GetDatabaseLocationsAsync(
        string server, string service, string instance, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the restore of an instance. −506: it is being restored; −1214: the server runs as many instances as it
    /// can, those for restores among them.
    /// </summary>
    /// <param name="server">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<OpenedRestore> OpenAsync(
        string server, string service, string instance, CancellationToken cancellationToken);

    /// <summary>Goes on with a restore whose environment was saved, also after the server was started anew.</summary>
    /// <param name="server">Name of the server.</param>
    /// <param name="service">Name of the service.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<OpenedRestore> ReopenAsync(
        string server, string service, string instance, CancellationToken cancellationToken);

    /// <summary>Adds a database to the restore.</summary>
    /// <param name="context">The restore.</param>
    /// <param name="database">Token and path that it was backed up with.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Where it goes.</returns>
    ValueTask<string> AddDatabaseAsync(Guid context, TokenedName database, CancellationToken cancellationToken);

    /// <summary>Opens a file for writing; −1011 as long as another one is open.</summary>
    /// <param name="context">The restore.</param>
    /// <param name="file">Token and path that it was backed up with.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its handle.</returns>
    ValueTask<int> OpenFileAsync(Guid context, TokenedName file, long length, CancellationToken cancellationToken);

    /// <summary>Writes on in the open file.</summary>
    /// <param name="context">The restore.</param>
    /// <param name="handle">The file.</param>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the call; the file is discarded then.</param>
    ValueTask WriteFileAsync(
        Guid context, int handle, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// Closes the open file: proves it, makes it durable, gives it its name. What is not whole or not sound is discarded.
    /// </summary>
    /// <param name="context">The restore.</param>
    /// <param name="handle">The file.</param>
    /// <param name="cancellationToken">Ends the call; the file is discarded then.</param>
    ValueTask CloseFileAsync(Guid context, int handle, CancellationToken cancellationToken);

    /// <summary>Saves what recovery will need beside the logs, in <c>restore.env</c>.</summary>
    /// <param name="context">The restore.</param>
    /// <param name="target">What recovery goes on with.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<RestoreEnvironment> SaveEnvironmentAsync(
        Guid context, RestoreTarget target, CancellationToken cancellationToken);

    /// <summary>What was saved.</summary>
    /// <param name="context">The restore.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask<RestoreEnvironment> GetEnvironmentAsync(Guid context, CancellationToken cancellationToken);

    /// <summary>
    /// Recovers the databases with what was saved. When it fails they are of no use any more, and are to be restored
    /// anew.
    /// </summary>
    /// <param name="context">The restore.</param>
    /// <param name="rollsForward">
    /// Whether replay goes on with the logs of the instance, where the target names none.
    /// </param>
    /// <param name="cancellationToken">Ends it in good order; the databases are of no use then.</param>
    ValueTask<RestoreOutcome> CompleteAsync(Guid context, bool rollsForward, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the restore. After <see cref="CompleteAsync"/> the directory of the logs is removed. Before it, a success
    /// leaves what was saved for <see cref="ReopenAsync"/>, and removes what was written behind it (−521 when nothing
    /// was saved); else all that was written is removed.
    /// </summary>
    /// <param name="context">The restore.</param>
    /// <param name="isSuccess">Whether what was written is to stay.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    ValueTask CloseAsync(Guid context, bool isSuccess, CancellationToken cancellationToken);
}
