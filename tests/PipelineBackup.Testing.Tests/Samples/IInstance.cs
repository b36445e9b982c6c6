namespace PipelineBackup.Testing.Tests.Samples;

/// <summary>Stands for the backup interface of a server: databases that others work with, and their logs.</summary>
public interface IInstance
{
    /// <summary>What the server calls itself.</summary>
    string Name { get; }

    /// <summary>Begins to keep all logs for a backup; false while another one runs.</summary>
    Task<bool> TryPinAsync(CancellationToken cancellationToken);

    /// <summary>The databases and the signature of their logs, once the logs are kept.</summary>
    Task<InstanceState> LookAsync(CancellationToken cancellationToken);

    /// <summary>Closes the current log, and names all logs there are, oldest first.</summary>
    Task<IReadOnlyList<InstanceFile>> CloseLogAsync(CancellationToken cancellationToken);

    /// <summary>Reads a part of a file; as many bytes as the buffer has, unless the file ends.</summary>
    Task<int> ReadAsync(string path, long offset, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Deletes the logs below a generation.</summary>
    Task DeleteLogsBelowAsync(int generation, CancellationToken cancellationToken);

    /// <summary>Ends a backup: the logs are kept no longer than the server itself needs them.</summary>
    ValueTask UnpinAsync();
}

/// <summary>What the server says when a backup begins.</summary>
/// <param name="LogSignature">Signature of its logs, in hexadecimal.</param>
/// <param name="Databases">Its databases.</param>
public sealed record InstanceState(string LogSignature, IReadOnlyList<InstanceDatabase> Databases);

/// <summary>A database of the server.</summary>
/// <param name="File">Its file.</param>
/// <param name="Signature">Its signature, in hexadecimal.</param>
/// <param name="MinRequired">The oldest log that its recovery would need now.</param>
/// <param name="MaxRequired">The newest.</param>
public sealed record InstanceDatabase(InstanceFile File, string Signature, int MinRequired, int MaxRequired);

/// <summary>A file of the server.</summary>
/// <param name="Path">Where the server has it.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Generation">Generation of a log; 0 for a database.</param>
public sealed record InstanceFile(string Path, long Length, int Generation = 0);
