using System.Globalization;
using System.Text;
using PipelineBackup.Cli.PluginLoading;

namespace PipelineBackup.Cli.Tests.PluginLoading;

/// <summary>Whatever is named with <c>--plugin</c>: a clear refusal, and nothing worse.</summary>
public class HostilePluginTests
{
    [Fact]
    public void A_text_is_no_plugin() => Refused("hello, I am a text"u8.ToArray(), "is no plugin: it is no assembly");

    [Fact]
    public void An_empty_file_is_no_plugin() => Refused([], "is empty, and no plugin");

    [Fact]
    public void A_native_library_of_Linux_is_no_plugin() =>
        Refused([.. "\u007fELF"u8, .. new byte[4000]], "is no plugin: it is a native library or program");

    [Fact]
    public void A_native_library_of_Windows_is_no_plugin() =>
        Refused(NativeImage(), "is no plugin: it is a native library or program");

    [Fact]
    public void A_directory_is_no_plugin()
    {
        string folder = GoldenSets.NewFolder();
        Assert.Contains($"'{folder}' is a directory, and no plugin",
            Cli.Expect(ExitCode.Usage, "list", "--from", folder, "--plugin", folder).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_huge_file_is_refused_unread()
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "huge.dll");
        using (var file = File.Create(path))
        {
            file.Write("MZ"u8);
            // A hole, where the file system has such.
            file.SetLength(PluginImage.MaxLength + 1);
        }

        Assert.Contains("more than any assembly",
            Cli.Expect(ExitCode.Usage, "list", "--from", path, "--plugin", path).Error, StringComparison.Ordinal);
        File.Delete(path);
    }

    [Fact]
    public void A_truncated_assembly_is_refused_wherever_it_ends()
    {
        byte[] whole = File.ReadAllBytes(Cli.TestPlugin);
        string path = Path.Combine(GoldenSets.NewFolder(), "cut.dll");
        foreach (int length in Enumerable.Range(1, 40).Select(i => i * (whole.Length - 1) / 40))
        {
            File.WriteAllBytes(path, whole[..length]);
            var run = Cli.Run("list", "--from", "test:///none", "--plugin", path);
            Assert.True(run.Exit == ExitCode.Usage, $"cut at {length}: {run.Exit} {run.Error}");
            Assert.Contains("HINT: ", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Damaged_assemblies_are_read_or_refused()
    {
        int seeds = int.Parse(
            Environment.GetEnvironmentVariable("PIPELINEBACKUP_SEEDS") ?? "400", CultureInfo.InvariantCulture);
        byte[] whole = File.ReadAllBytes(Cli.TestPlugin);
        string path = Path.Combine(GoldenSets.NewFolder(), "damaged.dll");
        for (int seed = 0; seed < seeds; seed++)
        {
            byte[] bytes = [.. whole];
            var random = new Random(seed);
            // Half of them in the headers and tables, where a byte matters most.
            int within = seed % 2 == 0 ? bytes.Length : Math.Min(1024, bytes.Length);
            for (int i = random.Next(1, 20); i > 0; i--)
                bytes[random.Next(within)] = (byte)random.Next(256);
            File.WriteAllBytes(path, bytes);
            try
            {
                // Only read: what it does once the runtime has taken it is no question of its metadata.
                PluginImage.Read(path);
            }
            catch (UsageException)
            {
            }
            catch (Exception other)
            {
                Assert.Fail($"seed {seed}: {other}");
            }
        }
    }

    private static void Refused(byte[] bytes, string message)
    {
        string path = Path.Combine(GoldenSets.NewFolder(), "file.dll");
        File.WriteAllBytes(path, bytes);
        var refused = Cli.Expect(ExitCode.Usage, "list", "--from", "test:///none", "--plugin", path);
        Assert.Contains($"'{path}' {message}", refused.Error, StringComparison.Ordinal);
        Assert.Contains("HINT: name the assembly of a plugin", refused.Error, StringComparison.Ordinal);
    }

    // The program part of .NET's own host on Windows, as far as headers go: a PE without a CLI header.
    private static byte[] NativeImage()
    {
        byte[] image = new byte[1024];
        "MZ"u8.CopyTo(image);
        image[0x3C] = 0x80;
        "PE\0\0"u8.CopyTo(image.AsSpan(0x80));
        var header = new BinaryWriter(new MemoryStream(image), Encoding.ASCII);
        header.BaseStream.Position = 0x84;
        header.Write((ushort)0x8664);
        header.Write((ushort)0);
        header.Write(0);
        header.Write(0);
        header.Write(0);
        header.Write((ushort)240);
        header.Write((ushort)0x2022);
        header.Write((ushort)0x20B);
        header.BaseStream.Position = 0x98 + 108;
        header.Write(16);
        return image;
    }
}
