using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Demo;

/// <summary>
/// The whole way on two sets of files, through the very command lines that a user would type; each step says what it
/// expects, and the first that ends otherwise ends the demonstration.
/// </summary>
/// <param name="folder">An empty directory to work in.</param>
/// <param name="run">Where to tell.</param>
/// <param name="steps">Takes the steps that were done.</param>
internal sealed class FilesDemonstration(string folder, Invocation run, List<DemoStep> steps)
    : DemoSteps(folder, run, steps)
{
    private const int PageBytes = 4096;

    /// <summary>Runs it.</summary>
    /// <returns>Whether every step ended as it should.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        Tell("\nA clean database and a dirty one, both written by the real engine (4 KiB pages).");
        return await CleanAsync(cancellationToken) && await DamagedStoreAsync(cancellationToken)
            && await DirtyAsync(cancellationToken);
    }

    private async Task<bool> CleanAsync(CancellationToken cancellationToken)
    {
        string source = In("clean"), store = In("store"), target = In("restored");
        return Do("unpack a clean database", () => Unpack("clean", source))
            && await CommandAsync("back it up", ["backup", source, "--to", store], ExitCode.Done, Backup,
                cancellationToken)
            && await CommandAsync("verify the backup", ["verify", "latest", "--from", store], ExitCode.Done,
                result => $"{Bytes(result, "plainBytes")} are right to the last page and digest", cancellationToken)
            && await CommandAsync("restore it", ["restore", "latest", "--from", store, "--to", target], ExitCode.Done,
                Restore, cancellationToken)
            && Do("compare with the source, page by page", () => CompareAll(source, target));
    }

    // One flipped bit somewhere in the middle of a pack, as a disk or a cable may flip it.
    private async Task<bool> DamagedStoreAsync(CancellationToken cancellationToken)
    {
        string store = In("store"), damaged = In("store-damaged");
        return Do("flip one bit in a copy of the store", () =>
            {
                Copy(store, damaged);
                string pack = Directory.EnumerateFiles(damaged, "pages-*.lz4", SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal).First();
                byte[] bytes = File.ReadAllBytes(pack);
                bytes[bytes.Length / 2] ^= 0x10;
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                File.WriteAllBytes(pack, bytes);
                return (true,
                    $"byte {Quantity.Count(bytes.Length / 2)} of {Quantity.Count(bytes.Length)} of "
                    + $"{Path.GetFileName(pack)}");
            })
            && await CommandAsync("verify that copy: it must be found", ["verify", "latest", "--from", damaged],
                ExitCode.Refused, Refused, cancellationToken);
    }

    private async Task<bool> DirtyAsync(CancellationToken cancellationToken)
    {
        string source = In("dirty"), store = In("store"), target = In("recovered"), files = In("restored-dirty");
        return Do("unpack a database whose program was killed, with its logs", () => Unpack("dirty", source))
            && await CommandAsync("back it up into a set of its own",
                ["backup", source, "--to", store, "--set", "dirty"], ExitCode.Done, Backup, cancellationToken)
            && await CommandAsync("restore it: its logs are replayed before it is published",
                ["restore", "latest", "--from", store, "--set", "dirty", "--to", target],
                ExitCode.Done, Restore, cancellationToken)
            && await CommandAsync("check every tree and index of the recovered database",
                ["ese", "check", Directory.EnumerateFiles(target, "*.edb").First()], ExitCode.Done, Check, cancellationToken)
            && await CommandAsync("prove by a drill that the backup can be restored", ["drill", "latest", "--from", store, "--set", "dirty", "--scratch", In("")],
                ExitCode.Done, result => $"{Quantity.Count((long)result["databases"]![0]!["rows"]!, "row")}; receipt {result["receipt"]}", cancellationToken)
            && await CommandAsync("restore it as it was, with the logs it needs",
                ["restore", "latest", "--from", store, "--set", "dirty", "--to", files, "--no-recover"],
                ExitCode.Done, Restore, cancellationToken)
            && Do("compare with the source", () => CompareAll(source, files));
    }

    private static (bool Ok, string Detail) Unpack(string set, string directory) =>
        (true, $"{Quantity.Bytes(DemoSet.Unpack(set, directory))} of files");

    // Every restored file has its twin in the source, and every database of the source was restored.
    private static (bool Ok, string Detail) CompareAll(string source, string target)
    {
        long pages = 0, different = 0;
        string[] files = Directory.GetFiles(target, "*", SearchOption.AllDirectories);
        foreach (string file in files)
        {
            string twin = Path.Combine(source, Path.GetFileName(file));
            if (!File.Exists(twin))
                return (false, $"'{Path.GetFileName(file)}' was restored and is not in the source");
            var (count, differing) = DemoSet.Compare(twin, file, PageBytes);
            pages += count;
            different += differing;
        }

        bool all = Directory.GetFiles(source, "*.edb")
            .All(database => files.Any(file => Path.GetFileName(file) == Path.GetFileName(database)));
        return (all && different == 0, all
            ? $"{Quantity.Count(pages, "page")} of {Quantity.Count(files.Length, "file")} compared, "
            + $"{Quantity.Count(different)} differ"
            : "a database of the source was not restored");
    }

    private static void Copy(string from, string to)
    {
        foreach (string directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }
}
